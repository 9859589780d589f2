"""The checks of a version as its run and its entry in the registry keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import mlflow

from ..gates import Check

FILE = "validation/checks.json"
TABLE = "validation/checks.md"


def log_report(checks: Sequence[Check]) -> None:
    """Log the checks to the active run, for programs and for people."""
    mlflow.log_dict([asdict(check) for check in checks], FILE)  # type: ignore[arg-type] # JSON of any shape
    mlflow.log_text(table(checks), TABLE)


def table(checks: Sequence[Check]) -> str:
    """Return the checks as a Markdown table."""
    rows = [
        f"| {check.name} | {verdict(check)} | {'' if check.value is None else f'{check.value:.4g}'} | {check.bound} "
        f"| {check.reason.replace('|', '/')} |"
        for check in checks
    ]
    return "\n".join(["| check | result | value | bound | reason |", "|---|---|---|---|---|", *rows, ""])


def verdict(check: Check) -> str:
    """Return passed, skipped or FAILED."""
    if check.skipped:
        return "skipped" if check.passed else "FAILED"
    return "passed" if check.passed else "FAILED"


def summary(checks: Sequence[Check]) -> str:
    """Return one sentence: how many checks passed, and why the others did not."""
    failed = [check.reason for check in checks if not check.passed]
    counted = f"{len(checks) - len(failed)} of {len(checks)} checks passed"
    return f"{counted}; {'; '.join(failed)}" if failed else counted
