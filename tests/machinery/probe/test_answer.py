"""A question that fails stops no other one, and says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.errors import ProjectError
from mlops.platform.databricks import DatabricksPlatform
from mlops.platform.parts import PARTS, Part, UnavailableError
from mlops.probe import questions
from mlops.probe.answer import Answer, NotAskedError, Question, answers
from mlops.tasks import probe_process, probe_workspace
from mlops_local.platform import LocalPlatform


@dataclass(frozen=True)
class Context:
    platform: Any


def raising(error: Exception) -> Any:  # noqa: ANN401 - a question's function
    def ask(_: Context) -> str:
        raise error

    return ask


HERE = Context(SimpleNamespace(stand_ins=frozenset({"spark"})))


def test_every_question_is_answered_whatever_the_others_raise() -> None:
    asked: list[Question[Context]] = [
        Question("raises", "spark", raising(RuntimeError("no\n  more")), "mend it"),
        Question("refuses", "workspace", raising(ProjectError("the table is gone.")), "write it"),
        Question("has nothing to ask", "workspace", raising(NotAskedError("there is no endpoint")), "serve"),
        Question("cannot ask", "spark", raising(UnavailableError("a local run has no workspace")), "log in"),
        Question("works", "job", lambda _: "12  rows\nread", "never"),
    ]
    assert answers(asked, HERE) == [
        Answer("raises", "failed", "RuntimeError: no", "mend it", stand_in=True),
        Answer("refuses", "failed", "the table is gone.", "write it", stand_in=False),
        Answer("has nothing to ask", "not asked", "there is no endpoint", "", stand_in=False),
        Answer("cannot ask", "not asked", "a local run has no workspace", "", stand_in=True),
        Answer("works", "ok", "12 rows read", "", stand_in=False),
    ]


def test_a_question_that_is_killed_is_not_an_answer() -> None:
    with pytest.raises(KeyboardInterrupt):
        answers([Question("killed", "spark", raising(KeyboardInterrupt()), "")], HERE)  # type: ignore[arg-type]


def test_a_line_says_what_was_seen_who_answered_and_what_to_do() -> None:
    failed = Answer("files", "failed", "OSError: full", "make room.", stand_in=True)
    assert str(failed) == "probe FAILED    files: OSError: full [stand-in] -> make room."
    assert str(Answer("files", "ok", "fine", "", stand_in=False)) == "probe ok        files: fine"


def test_every_question_has_a_name_of_its_own_a_part_and_a_mend() -> None:
    listed: list[Question[Any]] = [*questions.OF_THE_PROCESS, *questions.OF_THE_JOB]
    assert len({each.name for each in listed}) == len(listed)
    assert {each.part for each in listed} <= PARTS
    assert all(each.mend.endswith(".") for each in listed)


def test_each_part_is_asked_about_and_all_are_databricks_own_on_databricks_alone(platform: LocalPlatform) -> None:
    parts: set[Part] = {each.part for each in (*questions.OF_THE_PROCESS, *questions.OF_THE_JOB)}
    assert parts == PARTS == platform.stand_ins
    assert DatabricksPlatform(platform.spark, None).stand_ins == set()


def test_the_tasks_are_named_as_in_the_job() -> None:
    assert (probe_process.NAME, probe_workspace.NAME) == ("probe_process", "probe_workspace")
