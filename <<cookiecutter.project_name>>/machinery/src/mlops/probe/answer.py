"""A question to the platform, and its answer: a question that raises an error has failed, and stops no other one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from ..errors import ProjectError, first_line
from ..platform.base import Platform
from ..platform.parts import Part, UnavailableError

Status = Literal["ok", "failed", "not asked"]
LINE = "probe"  # the first word of each line, by which `make probe` finds it in the output of a task


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Attributes:
        question: What was asked.
        status: `ok`, `failed`, or `not asked`, with the reason in `seen`.
        seen: What was seen.
        mend: What to do about a failure; otherwise empty.
        stand_in: Whether a stand-in answered, and not Databricks.
    """

    question: str
    status: Status
    seen: str
    mend: str
    stand_in: bool

    def __str__(self) -> str:
        label = "FAILED" if self.status == "failed" else self.status
        mend = f" -> {self.mend}" if self.mend else ""
        return f"{LINE} {label:<10}{self.question}: {self.seen}{' [stand-in]' if self.stand_in else ''}{mend}"


class HasPlatform(Protocol):
    """What every question gets: the platform that it asks, and more."""

    @property
    def platform(self) -> Platform:
        """The platform of the running task."""


C = TypeVar("C", bound=HasPlatform)


class NotAskedError(Exception):
    """The question does not arise in this project; the message says why."""


@dataclass(frozen=True)
class Question(Generic[C]):
    """One question.

    Attributes:
        name: What is asked, in the words of the table.
        part: The part of the platform that answers.
        ask: Returns what was seen. Raises NotAskedError or UnavailableError if there is nothing to ask, and any other
            error if the answer is no.
        mend: What to do then.
    """

    name: str
    part: Part
    ask: Callable[[C], str]
    mend: str


def answers(questions: Sequence[Question[C]], context: C) -> list[Answer]:
    """Ask every question, in order, and return the answers."""
    return [_answer(question, context) for question in questions]


def _answer(question: Question[C], context: C) -> Answer:
    stand_in = question.part in context.platform.stand_ins
    mend = ""
    status: Status = "ok"
    try:
        seen = question.ask(context)
    except (NotAskedError, UnavailableError) as error:
        status, seen = "not asked", str(error)
    except ProjectError as error:
        status, seen, mend = "failed", str(error), question.mend
    except Exception as error:  # noqa: BLE001 - whatever the platform raises is the answer
        status, seen, mend = "failed", first_line(error), question.mend
    return Answer(question.name, status, " ".join(seen.split()), mend, stand_in)
