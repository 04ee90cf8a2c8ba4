"""The scripts that the page loads are what their sources make."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests import programs
from tests.scripts import (
    EXPORTED,
    FOLDER,
    MADE,
    MODULE,
    ORDER_OF_CLASSIC,
    ORDER_OF_WORKER,
)

TYPES = (FOLDER / "chunked_uploads.d.ts").read_text(encoding="utf-8")
TEMPLATE = FOLDER.parents[2] / "templates" / "chunked_uploads" / "uploader.html"

pytestmark = pytest.mark.once


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_script_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == MADE[path](), "python -m tests.scripts"


def test_every_source_is_in_one() -> None:
    names = [path.stem for path in (FOLDER / "src").iterdir()]
    assert sorted(ORDER_OF_CLASSIC + ORDER_OF_WORKER) == sorted(names)


def test_types_are_of_what_the_module_exports() -> None:
    declared = re.findall(
        r"^export (?:class|const|function) (\w+)", TYPES, re.MULTILINE
    )
    assert sorted(declared) == sorted(EXPORTED)


def test_types_have_the_attributes_of_the_partial() -> None:
    attributes = re.findall(r"^  data-([\w-]+)=", TEMPLATE.read_text(), re.MULTILINE)
    names = [re.sub("-(.)", lambda it: it[1].upper(), each) for each in attributes]
    [options] = re.findall(r"^export interface Options {$(.*?)^}", TYPES, re.M | re.S)
    declared = re.findall(r"^  (\w+)\?:", options, re.MULTILINE)
    assert sorted(declared) == sorted({*names, "endpoints"} - {"state"})


@pytest.mark.skipif(not programs.find("Node.js"), reason="Node.js is not installed")
def test_module_can_be_imported_where_there_is_no_page() -> None:
    script = (
        f"import * as all from {str(MODULE)!r}; console.log(Object.keys(all).join())"
    )
    node = [str(programs.find("Node.js")), "--input-type=module", "--eval", script]
    run = subprocess.run(node, capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == (",".join(sorted(EXPORTED)), "")
