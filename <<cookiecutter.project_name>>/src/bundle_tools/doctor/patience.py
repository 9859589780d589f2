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
    """Limits in seconds. A workspace that never answers is given up after twice `question`.

    Attributes:
        request: For the answer to one HTTP request.
        retries: For the SDK's own retries of a request, which it makes after a time-out or if asked to slow down.
        pause: For one pause between them, whatever the workspace's Retry-After asks for.
        question: For all that one question takes, the login with its commands and addresses included.
    """

    request: float = 10
    retries: int = 10
    pause: float = 5
    question: float = 14

    def settings(self) -> dict[str, Any]:
        """Return the keyword arguments of `databricks.sdk.core.Config` that keep these limits."""
        return {
            "http_timeout_seconds": self.request,
            "retry_timeout_seconds": self.retries,
            "clock": _Clock(self.pause),
        }


class _Clock(RealClock):
    """Real time, but the part of a pause that is too long passes at once: the SDK's retries then run out of time.

    So a Retry-After of an hour neither keeps anybody waiting nor is answered with more requests.
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

    It runs in a thread that is left alone when time is up: not all that a login does can be given a limit.

    Raises:
        TimeoutError: It took longer than `seconds`.
    """
    future: Future[Answer] = Future()

    def work() -> None:
        try:
            future.set_result(ask())
        except Exception as error:  # noqa: BLE001 - raised again where the answer is awaited
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future.result(timeout=seconds)
