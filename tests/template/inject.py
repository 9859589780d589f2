"""Runs the contract tests of a generated project on copies of its bundle, each with one fault.

Usage, in the project: python inject.py NUMBER OF, for every OF-th fault of faults.yml, starting with the NUMBER-th.
Prints one JSON line per fault: the tests that failed, with their messages, of those that are to find it. All faults run
in one process, so that modules are imported only once.
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

PARTS = ["databricks.yml", "pyproject.toml", "constraints.txt", "README.md", "wheel_version.py", "wheel_build.py"]
PARTS += ["resources", "src", "ci", ".github", "dashboards"]
PARTS += ["Makefile", ".pre-commit-config.yaml", ".vscode", ".run", "notebooks"]
WHEEL = "tests/contract/test_wheel.py"
CODE = "tests/contract/test_project.py"  # starts Spark, and is not about the bundle
ALL = Path(__file__).with_name("faults.yml")


class Failures:
    """Collects the messages of failed tests, by the name of the test without its parameters."""

    found: dict[str, list[str]]

    def __init__(self) -> None:
        """Start with no failures."""
        self.found = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Store the text of a failure; a failed fixture counts as a failure of the test that uses it."""
        if report.failed:
            self.found.setdefault(report.nodeid.split("::")[-1].partition("[")[0], []).append(report.longreprtext)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Store the text of a test module that could not be imported."""
        if report.failed:
            self.found.setdefault(report.nodeid, []).append(report.longreprtext)


def faults() -> list[dict[str, Any]]:
    """Return the faults, preceded by two unchanged bundles: one for the quick tests and one for the wheel tests."""
    listed: list[dict[str, Any]] = yaml.safe_load(ALL.read_text(encoding="utf-8"))
    none = [{"fault": name, "edits": [], "caught_by": test} for name, test in (("none", ""), ("no wheel", "wheel"))]
    return [*none, *listed]


def with_fault(folder: Path, edits: list[dict[str, str]]) -> None:
    """Copy the parts of the project into the folder and apply the edits.

    Raises:
        ValueError: A file does not contain the text to replace.
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
            raise ValueError(f"{edit['file']} does not contain {edit['old']!r}")
        file.write_text(text.replace(edit["old"], edit["new"], 1), encoding="utf-8")


def run(root: Path, caught_by: str) -> dict[str, list[str]]:
    """Run the contract tests on the project in `root` whose names contain a text; only wheel tests build a wheel."""
    os.environ["CONTRACT_ROOT"] = str(root)
    for name in [name for name, module in sys.modules.items() if "/tests/" in (getattr(module, "__file__", "") or "")]:
        del sys.modules[name]
    failures = Failures()
    chosen = [WHEEL] if "wheel" in caught_by else [f"--ignore={WHEEL}", f"--ignore={CODE}", "tests/contract"]
    chosen += ["-k", caught_by] if caught_by else []
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["-q", "--tb=short", "-p", "no:cacheprovider", *chosen], plugins=[failures])
    return failures.found


def main(number: int, of: int) -> None:
    """Print the failures of each selected fault."""
    for fault in faults()[number::of]:
        with tempfile.TemporaryDirectory() as folder:
            with_fault(Path(folder), fault["edits"])
            found = run(Path(folder), fault["caught_by"])
        sys.stdout.write(json.dumps({"fault": fault["fault"], "failed": found}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
