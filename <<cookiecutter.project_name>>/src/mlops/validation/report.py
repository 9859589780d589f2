"""Reports of the checks of a version: for its run, its entry in the registry, and its model card."""

from __future__ import annotations

from collections.abc import Sequence

from .. import markdown_text
from .check import Check

FILE = "validation/checks.json"
TABLE = "validation/checks.md"


def table(checks: Sequence[Check]) -> str:
    """Return the checks as a Markdown table."""
    rows = [(check.name, verdict(check), check.value, check.bound, check.reason) for check in checks]
    return markdown_text.table(["check", "result", "value", "bound", "reason"], rows)


def verdict(check: Check) -> str:
    """Return passed, skipped or FAILED."""
    if not check.passed:
        return "FAILED"
    return "skipped" if check.skipped else "passed"


def summary(checks: Sequence[Check]) -> str:
    """Return one sentence: how many checks passed, and why the others failed."""
    failed = [check.reason for check in checks if not check.passed]
    counted = f"{len(checks) - len(failed)} of {len(checks)} checks passed"
    return f"{counted}; {'; '.join(failed)}" if failed else counted
