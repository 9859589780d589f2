"""Starts, asks and stops the scoring server of one served entity."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Lock

import urllib3
from urllib3.exceptions import HTTPError

from .listeners import LOOPBACK, listener

_CONNECTIONS = 64
_START_SECONDS = 600.0
_ANSWER_SECONDS = 120.0
_DRAIN_SECONDS = 30.0
_STOP_SECONDS = 5.0
_END_SECONDS = 1.0  # between a connection that breaks and the end of the process
_LAST_ERROR = re.compile(r"^(?:[\w.]+(?:Error|Exception|Exit)\b.*|ERROR: .*)$", re.MULTILINE)


class NotStartedError(Exception):
    """A scoring server did not start; the message is the last error in its log."""


@dataclass(frozen=True)
class Answer:
    """What a scoring server answered."""

    status: int
    body: bytes
    content_type: str


class ScoringProcess:
    """The scoring server of one version of a model."""

    def __init__(self, model_uri: str, environment: Mapping[str, str], log: Path) -> None:
        self.model_uri = model_uri
        self.environment = environment
        self.log = log
        self._lock = Lock()
        self._is_loaded = False
        self._users = 0
        self._unused = Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._pool: urllib3.HTTPConnectionPool | None = None

    @property
    def runs(self) -> bool:
        """Whether it has loaded the model, and still runs."""
        return self._is_loaded and self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process unless it runs, and wait until it has loaded the model.

        Raises:
            NotStartedError: It ended, or did not answer in time.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._spawn()
            pool = self._pool
        try:
            # The socket listens already, so this waits in its queue until the model is loaded.
            reply = pool.request("GET", "/ping", timeout=_START_SECONDS, retries=False) if pool else None
        except HTTPError as error:
            self.stop()
            raise NotStartedError(self._last_error() or str(error)) from None
        if reply is None or reply.status != 200:  # noqa: PLR2004 - HTTP's number
            self.stop()
            raise NotStartedError(self._last_error() or "the scoring server is not healthy")
        self._is_loaded = True

    def ask(self, body: bytes, content_type: str) -> Answer:
        """Return what the scoring server answers; it is started again if it has died.

        Raises:
            NotStartedError: It does not start again.
            HTTPError: It does not answer.
        """
        self.start()
        try:
            return self._answer(body, content_type)
        except HTTPError:
            if not self._has_died():
                raise
        self.start()  # a prediction changes nothing, so it can be asked for twice
        return self._answer(body, content_type)

    def _answer(self, body: bytes, content_type: str) -> Answer:
        if self._pool is None:
            raise NotStartedError("the scoring server was stopped")
        headers = {"Content-Type": content_type}
        reply = self._pool.request(
            "POST", "/invocations", body=body, headers=headers, timeout=_ANSWER_SECONDS, retries=False
        )
        return Answer(reply.status, reply.data, reply.headers.get("Content-Type", "application/json"))

    def _has_died(self) -> bool:
        process = self._process
        try:
            return process is None or process.wait(_END_SECONDS) is not None
        except subprocess.TimeoutExpired:
            return False

    @contextmanager
    def keep_alive(self) -> Iterator[None]:
        """Keep the process from being stopped until the end of the `with` block."""
        with self._unused:
            self._users += 1
        try:
            yield
        finally:
            with self._unused:
                self._users -= 1
                self._unused.notify_all()

    def stop(self, *, drain: bool = False) -> None:
        """End the process; with `drain`, first wait for its users, but not for ever."""
        if drain:
            with self._unused:
                self._unused.wait_for(lambda: not self._users, _DRAIN_SECONDS)
        with self._lock:
            process, self._process = self._process, None
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def _spawn(self) -> None:
        self._is_loaded = False
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with listener(0) as opened, self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command
                [sys.executable, "-m", f"{__package__}.scoring_server", str(opened.fileno())],
                env={**os.environ, **self.environment, "__pyfunc_model_path__": self.model_uri},
                cwd=self.log.parent,  # MLflow creates ./mlruns when it opens the registry
                pass_fds=[opened.fileno()],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal of a run does not reach it
            )
            port = opened.getsockname()[1]
            self._pool = urllib3.HTTPConnectionPool(LOOPBACK, port, maxsize=_CONNECTIONS)

    def _last_error(self) -> str:
        errors = _LAST_ERROR.findall(self.log.read_text(encoding="utf-8", errors="replace"))
        return errors[-1] if errors else ""
