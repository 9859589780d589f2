"""The summary of integration: Markdown for people, JUnit XML for the CI platforms that show it on the pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from mlops.markdown_text import escape, table

from .check import Check
from .runs import JobResult

FOLDER = Path("build/integration")  # of the project; ci/comment.py posts the summary from there
_WIDTH = 20


@dataclass(frozen=True)
class Report:
    """What integration found.

    Attributes:
        title: The project, the target and the prefix.
        runs: The jobs that ran.
        checks: The promises, with the reason of a failure before the checks as one of them.
        metrics: Each metric of the new version on held-out rows, of the model and of the naive baseline.
    """

    title: str
    runs: Sequence[JobResult]
    checks: Sequence[Check]
    metrics: Mapping[str, tuple[float, float]]

    @property
    def passed(self) -> bool:
        """Whether there are checks and all hold."""
        return bool(self.checks) and all(check.holds for check in self.checks)

    def markdown(self) -> str:
        """Return the summary; its plots are bars of text, which every platform shows."""
        parts = [f"## {'✅' if self.passed else '❌'} integration of {escape(self.title)}"]
        parts.append(table(["check", "", "found"], [_row(check) for check in self._failed_first()]))
        if self.metrics:
            figures = [(name, model, naive) for name, (model, naive) in self.metrics.items()]
            parts += ["### Held-out rows", table(["metric", "model", "naive baseline"], figures), self._bars()]
        if self.runs:
            parts += ["### Jobs", table(["task", "state", "seconds", ""], self._tasks())]
            parts.append("\n".join(f"- [{run.job}]({run.page})" for run in self.runs if run.page))
        return "\n\n".join(part for part in parts if part) + "\n"

    def junit(self) -> str:
        """Return one test case per check, in the format that GitLab and Azure Pipelines read."""
        failures = [check for check in self.checks if not check.holds]
        suite = ET.Element("testsuite", name=self.title, tests=str(len(self.checks)), failures=str(len(failures)))
        for check in self.checks:
            case = ET.SubElement(suite, "testcase", classname="integration", name=check.name)
            if not check.holds:
                ET.SubElement(case, "failure", message=check.detail)
        return ET.tostring(suite, encoding="unicode", xml_declaration=True)

    def write(self, folder: Path) -> None:
        """Write summary.md and junit.xml into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "summary.md").write_text(self.markdown(), encoding="utf-8")
        (folder / "junit.xml").write_text(self.junit(), encoding="utf-8")

    def _failed_first(self) -> list[Check]:
        return sorted(self.checks, key=lambda check: check.holds)

    def _bars(self) -> str:
        lines = []
        for name, (model, naive) in self.metrics.items():
            top = max(abs(model), abs(naive)) or 1
            lines += [f"{name:<12} model    {_bar(abs(model) / top)}", f"{'':<12} baseline {_bar(abs(naive) / top)}"]
        return "\n".join(["```", *lines, "```"])

    def _tasks(self) -> list[tuple[str, ...]]:
        tasks = [task for run in self.runs for task in run.tasks]
        longest = max((task.seconds for task in tasks), default=0) or 1
        return [
            (task.path, f"{task.state} {task.error}".strip(), f"{task.seconds:.0f}", _bar(task.seconds / longest))
            for task in tasks
        ]


def _row(check: Check) -> tuple[str, ...]:
    return (check.name, "✅" if check.holds else "❌", check.detail)


def _bar(share: float) -> str:
    return "█" * max(round(share * _WIDTH), 1) if share > 0 else ""
