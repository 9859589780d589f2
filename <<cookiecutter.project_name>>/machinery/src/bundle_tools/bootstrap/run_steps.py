"""Looks at each step, and makes what is missing if it may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from databricks.sdk.errors.platform import ResourceConflict

from ..doctor.failures import FAILURES, reason
from .step import CannotError, Step


class State(Enum):
    """How a step ended."""

    THERE = "there"
    TO_DO = "to do"
    DONE = "done"
    FAILED = "FAILED"
    SKIPPED = "skipped"

    @property
    def is_good(self) -> bool:
        """Whether the thing is there now."""
        return self in (State.THERE, State.DONE)


@dataclass(frozen=True)
class Result:
    """The end of a step.

    Attributes:
        step: The step.
        state: How it ended.
        reason: Why it failed or was skipped; otherwise empty.
        call: The documented call; empty if the thing is there.
    """

    step: Step
    state: State
    reason: str = ""
    call: str = ""

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        call = f"\n          {self.call}" if self.call else ""
        return f"{self.state.value:<9} {self.step.name}{why}{call}"


@dataclass
class Progress:
    """The results so far.

    Attributes:
        apply: Whether what is missing is made; otherwise it is only listed.
        states: How the steps ended, by name.
    """

    apply: bool
    states: dict[str, State] = field(default_factory=dict)

    def run(self, steps: Iterable[Step]) -> Iterator[Result]:
        """Yield the result of each step, in order; one that fails does not stop those that do not need it."""
        for step in steps:
            result = self._result(step)
            self.states[step.name] = result.state
            yield result

    @property
    def is_complete(self) -> bool:
        """Whether every step could be looked at, and was made if it was to be made."""
        return not {State.FAILED, State.SKIPPED}.intersection(self.states.values())

    def count(self, state: State) -> int:
        """Return how many steps ended like this."""
        return list(self.states.values()).count(state)

    def _result(self, step: Step) -> Result:
        missing = [name for name in step.needs if not self.states[name].is_good]
        if missing and self.apply:
            return Result(step, State.SKIPPED, f"it needs {' and '.join(missing)}", _call(step))
        try:
            if not missing and step.is_there():
                return Result(step, State.THERE)
            if not self.apply:
                return Result(step, State.TO_DO, call=step.call())
            call = step.call()  # before it is made: afterwards there may be nothing left to say
            return self._made(step, call)
        except CannotError as error:
            return Result(step, State.FAILED, str(error))
        except FAILURES as error:
            return Result(step, State.FAILED, reason(error, step.permission), _call(step))

    def _made(self, step: Step, call: str) -> Result:
        try:
            step.make()
        except ResourceConflict:
            if step.is_there():  # somebody else has just made it
                return Result(step, State.THERE)
            raise
        return Result(step, State.DONE, call=call)


def _call(step: Step) -> str:
    """Return the call of a step, or nothing if not even that can be told."""
    try:
        return step.call()
    except (CannotError, *FAILURES):
        return ""
