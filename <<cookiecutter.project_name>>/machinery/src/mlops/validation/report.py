"""Reports of the checks of a version: for its run, its entry in the registry, and its model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from .. import markdown_text
from .check import Check, SliceResult

FILE = "validation/checks.json"
TABLE = "validation/checks.md"


def as_json(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Return the checks as `FILE` keeps them."""
    return [asdict(check) for check in checks]


def of_json(entries: Sequence[Mapping[str, Any]]) -> list[Check]:
    """Return the checks that `FILE` keeps, also if another version of this project wrote fewer or more fields."""
    checks = []
    for check in entries:
        on_slice = check.get("on_slice")
        known = _known_fields(Check, check) | {
            "on_slice": on_slice and SliceResult(**_known_fields(SliceResult, on_slice)),
            "accepted": tuple(check.get("accepted", ())),
        }
        checks.append(Check(**known))
    return checks


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


def _known_fields(kind: type[Check | SliceResult], values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: values[field.name] for field in fields(kind) if field.name in values}
