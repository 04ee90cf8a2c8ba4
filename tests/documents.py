"""The blocks of code that README and docs show."""

from __future__ import annotations

import re
import types
from typing import Any

from demo.environment import CHECKOUT

EXAMPLE = "https://uploads.example.com"  # where the docs' pages send to


def blocks(language: str, page: str = "docs/authentication.md") -> list[str]:
    """Return the code blocks of one language; `page` is a path in the checkout."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(language: str, word: str, page: str = "docs/authentication.md") -> str:
    """Return the only block with the word in it."""
    [found] = [each for each in blocks(language, page) if word in each]
    return found


def module(code: str, name: str = "example") -> Any:
    """Return a module that is made of the code."""
    made = types.ModuleType(name)
    exec(compile(code, name, "exec"), vars(made))
    return made
