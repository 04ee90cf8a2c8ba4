"""What keeps people out of a page, as axe-core finds it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Transitions end before the colours are judged; what is paused, or moves without end,
# has none.
SETTLED = """() => Promise.allSettled(
    document.getAnimations()
        .filter((it) => it.playState === "running")
        .filter((it) => Number.isFinite(it.effect.getComputedTiming().endTime))
        .map((it) => it.finished)
)"""
# axe-core takes a canvas that nobody painted for white, also where it is dark.
PAINTED = "() => { document.documentElement.style.background = 'Canvas'; }"
# WCAG 2.2 up to level AA, and what axe-core advises beyond it.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """Return a line per element that breaks a rule: rule, impact, element, what to do.

    axe-core comes in as the debugger's code, which no Content Security Policy bars.
    """
    page.evaluate(PAINTED)
    page.evaluate(SETTLED)
    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    return [_line(rule, node) for rule in found for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    target = " ".join(map(str, node["target"]))
    summary = " ".join(node["failureSummary"].split())
    return f"{rule['id']} ({node['impact']}) at {target}: {summary}"
