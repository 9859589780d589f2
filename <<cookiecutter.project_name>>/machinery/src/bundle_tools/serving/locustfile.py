"""What a caller does in a load test. It runs in Locust's own environment, so it imports nothing of the project.

Environment variables say what to ask: LOAD_HOST and LOAD_PATH, LOAD_HEADERS (a JSON object), LOAD_BODIES (a file with
one body in each line), LOAD_OUT (a file that gets one line for each request: start, milliseconds, error, as JSON).
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant, events, task

_HEADERS = {"Content-Type": "application/json", **json.loads(os.environ["LOAD_HEADERS"])}
_BODIES = itertools.cycle(Path(os.environ["LOAD_BODIES"]).read_bytes().splitlines())
_OUT = Path(os.environ["LOAD_OUT"]).open("w", encoding="utf-8")  # noqa: SIM115 - it is open until the process ends


class Caller(FastHttpUser):  # type: ignore[misc] # locust is not installed where types are checked
    """Asks, waits for the answer, and asks again."""

    host = os.environ["LOAD_HOST"]
    wait_time = constant(0)

    @task  # type: ignore[untyped-decorator] # as above
    def predict(self) -> None:
        """Ask for a prediction; an answer without one is an error."""
        path = os.environ["LOAD_PATH"]
        with self.client.post(path, data=next(_BODIES), headers=_HEADERS, catch_response=True) as answer:
            if answer.status_code == 200 and b'"predictions"' not in (answer.content or b""):  # noqa: PLR2004 - HTTP's number
                answer.failure("no predictions in the answer")


@events.request.add_listener  # type: ignore[untyped-decorator] # as above
def _log(start_time: float, response_time: float, exception: object = None, **_: Any) -> None:  # noqa: ANN401 - Locust's
    _OUT.write(json.dumps([start_time, response_time, "" if exception is None else str(exception)[:200]]) + "\n")


@events.quit.add_listener  # type: ignore[untyped-decorator] # as above
def _close(**_: Any) -> None:  # noqa: ANN401 - Locust's
    _OUT.close()
