"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended; only a failed check, and one that could not be made, let the command fail."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    WARNED = "warned"
    NOT_RUN = "not run"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Outcome:
    """The result of one check.

    Attributes:
        theme: What the check is about, such as `jobs`.
        name: The name of the check.
        sentence: What it promises.
        status: How it ended.
        looked_at: What it looked at, such as `12 jobs, 3 targets`.
        faults: What is wrong, a line `file: key path: what is wrong` each.
        reason: Why it did not look at anything.
    """

    theme: str
    name: str
    sentence: str
    status: Status
    looked_at: str = ""
    faults: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the command may succeed."""
        return self.status not in {Status.FAILED, Status.NOT_CHECKED}


def as_fault(error: Exception) -> str:
    """Return the message of an error as a fault, which has no full stop."""
    return str(error).rstrip(".")


class Caution(str):
    """A fault that is shown, but lets the check pass."""

    __slots__ = ()


class NotMadeError(Exception):
    """A check looks at nothing; the message says why."""

    status = Status.NOT_CHECKED


class NotApplicableError(NotMadeError):
    """The project has no use for what the check looks at."""

    status = Status.NOT_APPLICABLE


class NotRunError(NotMadeError):
    """The check needs a program that is not installed."""

    status = Status.NOT_RUN
