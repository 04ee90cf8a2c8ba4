"""The picture of the house: nothing imports what stands above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import chunked_uploads

APP = Path(chunked_uploads.__file__).parent
# From the roof down; modules of one line don't know each other, unless it says so.
LAYERS = [
    {"apps", "urls"},
    {
        "admin",
        "checks",
        "forms",
        "jobs",
        "management",
        "middleware",
        "templatetags",
        "tus",
        "views",
    },
    {"authentication", "access", "classic"},
    {"http", "core"},
    {"digests"},
    {"stores"},
    {"signals", "errors"},
    {"models"},
    {"storages"},
    {"conf"},
    {"system", "client"},
]
NEIGHBOURS = {("access", "authentication"), ("apps", "urls")}
FLOOR = {name: number for number, names in enumerate(LAYERS) for name in names}
# What a room never sees, itself or for its neighbours.
STRANGERS = {
    "core": ("django.http",),
    "stores": ("django.http",),
    "digests": ("django.http",),
    "system": ("django", "chunked_uploads."),
    "client": ("django",),
}
MODULES = [
    path
    for path in sorted(APP.rglob("*.py"))
    if "migrations" not in path.parts and path != APP / "__init__.py"
]


def room_of(path: Path) -> str:
    return path.relative_to(APP).with_suffix("").parts[0]


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a module imports when it runs, by full names."""
    for node in _nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(
            node.test
        )
        if not is_for_types:
            yield node
            yield from _nodes(node)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(APP)))
def test_module_knows_only_what_stands_below_it(path: Path) -> None:
    room = room_of(path)
    for name in imports_of(path):
        if not name.startswith("chunked_uploads."):
            continue
        other = name.split(".")[1]
        assert (
            other == room or FLOOR[other] > FLOOR[room] or (room, other) in NEIGHBOURS
        ), f"{room} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(APP)))
def test_module_sees_no_strangers(path: Path) -> None:
    room = room_of(path)
    for stranger in STRANGERS.get(room, ()):
        for name in imports_of(path):
            is_own = name.startswith(f"chunked_uploads.{room}.")
            assert is_own or not f"{name}.".startswith(stranger), (
                f"{room} imports {name}"
            )
