"""How long the doctor waits for a workspace."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar

from databricks.sdk.clock import RealClock

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Patience:
    """Limits in seconds. The doctor gives up on a workspace that never answers after twice `question`.

    Attributes:
        request: Limit for the answer to one HTTP request.
        retries: Limit for the SDK's own retries of a request, after a time-out or a request to slow down.
        pause: Limit for one pause between retries, whatever the workspace's Retry-After says.
        question: Limit for one question as a whole; the login with all its commands and requests counts as one.
    """

    request: float = 10
    retries: int = 10
    pause: float = 5
    question: float = 14

    def settings(self) -> dict[str, Any]:
        """Return the keyword arguments of `databricks.sdk.core.Config` that set these limits."""
        return {
            "http_timeout_seconds": self.request,
            "retry_timeout_seconds": self.retries,
            "clock": _Clock(self.pause),
        }


class _Clock(RealClock):
    """Real time, except that a pause ends after `pause` seconds and its remainder counts as passed.

    So the SDK's retries run out of time: a Retry-After of an hour neither blocks the doctor nor causes more requests.
    """

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._ahead = 0.0

    def time(self) -> float:
        return super().time() + self._ahead

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, self._pause))
        self._ahead += max(seconds - self._pause, 0)


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """Return what `ask` returns, or raise what it raises.

    It runs in a thread that is abandoned when time is up, because parts of a login cannot be given a limit.

    Raises:
        TimeoutError: It took longer than `seconds`.
    """
    future: Future[Answer] = Future()

    def work() -> None:
        try:
            future.set_result(ask())
        except Exception as error:  # noqa: BLE001 - raised again by future.result
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future.result(timeout=seconds)
