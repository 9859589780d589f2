"""Runs the contract tests of a generated project on copies of its bundle, each with one fault.

Usage, in the project: python inject.py NUMBER OF, for every OF-th fault of faults.yml from the NUMBER-th on. Prints one
JSON line a fault: the tests that failed, with their messages. All in one process, so that imports are paid for once.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

PARTS = ["databricks.yml", "pyproject.toml", "README.md", "wheel_version.py", "wheel_build.py", "resources", "src"]
WHEEL = "tests/contract/test_wheel.py"
ALL = Path(__file__).with_name("faults.yml")


class Failures:
    """Collects the messages of what fails, by the name of the test without its parameters."""

    found: dict[str, list[str]]

    def __init__(self) -> None:
        """Start with none."""
        self.found = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the text of a failure; a fixture that fails counts as the test that wanted it."""
        if report.failed:
            self.found.setdefault(report.nodeid.split("::")[-1].partition("[")[0], []).append(report.longreprtext)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the text of a module that could not be read."""
        if report.failed:
            self.found.setdefault(report.nodeid, []).append(report.longreprtext)


def faults() -> list[dict[str, Any]]:
    """Return the faults, and before them the two that are none: for the quick tests and for those of the wheel."""
    listed: list[dict[str, Any]] = yaml.safe_load(ALL.read_text(encoding="utf-8"))
    none = [{"fault": name, "edits": [], "caught_by": test} for name, test in (("none", ""), ("no wheel", "wheel"))]
    return [*none, *listed]


def with_fault(folder: Path, edits: list[dict[str, str]]) -> None:
    """Copy the project's parts into the folder and apply the edits.

    Raises:
        ValueError: A text to replace is not there.
    """
    for part in PARTS:
        if Path(part).is_dir():
            shutil.copytree(part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(part, folder / part)
    for edit in edits:
        file = folder / edit["file"]
        if "rename" in edit:
            file.rename(folder / edit["rename"])
            continue
        text = file.read_text(encoding="utf-8")
        if edit["old"] not in text:
            raise ValueError(f"{edit['file']} holds no {edit['old']!r}")
        file.write_text(text.replace(edit["old"], edit["new"], 1), encoding="utf-8")


def run(root: Path, *, wheel: bool) -> dict[str, list[str]]:
    """Run the contract tests on the project in `root`: those that build the wheel, or the others."""
    os.environ["CONTRACT_ROOT"] = str(root)
    for name in [name for name, module in sys.modules.items() if "/tests/" in (getattr(module, "__file__", "") or "")]:
        del sys.modules[name]
    failures = Failures()
    chosen = [WHEEL] if wheel else [f"--ignore={WHEEL}", "tests/contract"]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["-q", "--tb=short", "-p", "no:cacheprovider", *chosen], plugins=[failures])
    return failures.found


def main(number: int, of: int) -> None:
    """Print what the tests say of each chosen fault."""
    for fault in faults()[number::of]:
        with tempfile.TemporaryDirectory() as folder:
            with_fault(Path(folder), fault["edits"])
            found = run(Path(folder), wheel="wheel" in fault["caught_by"])
        sys.stdout.write(json.dumps({"fault": fault["fault"], "failed": found}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
