"""Counts what a run asks of Spark and MLflow, by task: on Databricks each is a request, of 0.1 to 1 second."""

from __future__ import annotations

import inspect
import json
import logging
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from pyspark.sql.connect.client.core import SparkConnectClient

from bundle_tools import cli
from bundle_tools.run import entry_points

KINDS = ("executions", "analyses", "tracking", "registry")
SET_UP = "set-up"  # what happens before and after the tasks of a run

_NO_REQUEST = ("shut_down_async_logging",)
# The methods of the Connect client that send an ExecutePlan or an AnalyzePlan request.
_SPARK = {
    "_execute": "executions",
    "_execute_and_fetch_as_iterator": "executions",
    "_analyze": "analyses",
}


class Calls:
    """The calls so far.

    Attributes:
        counts: How often each kind of call was made, by the task and the kind.
        places: The same, by the task, the kind and the lines of the machinery that made it.
    """

    def __init__(self) -> None:
        """Start without calls."""
        self.counts: Counter[tuple[str, str]] = Counter()
        self.places: Counter[tuple[str, str, str]] = Counter()
        self._task = SET_UP
        self._lock = threading.Lock()

    def note(self, kind: str, what: str) -> None:
        """Count a call."""
        with self._lock:
            self.counts[self._task, kind] += 1
            self.places[self._task, kind, f"{what} < {_place()}"] += 1

    @contextmanager
    def during(self, task: str) -> Iterator[None]:
        """Count the calls inside the `with` block as those of a task."""
        self._task = task
        try:
            yield
        finally:
            self._task = SET_UP

    def by_task(self) -> dict[str, dict[str, int]]:
        """Return how often each task made each kind of call."""
        tasks = dict.fromkeys(task for task, _ in self.counts)
        return {task: {kind: self.counts[task, kind] for kind in KINDS} for task in tasks}


@contextmanager
def counted() -> Iterator[Calls]:
    """Count the calls of this process inside the `with` block."""
    # Where the program imports these, its log takes what they say.
    logging.disable()
    from mlflow.store.model_registry.abstract_store import AbstractStore as Registry  # noqa: PLC0415 - see above
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as LocalRegistry  # noqa: PLC0415
    from mlflow.store.tracking.abstract_store import AbstractStore as Tracking  # noqa: PLC0415
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as LocalTracking  # noqa: PLC0415

    logging.disable(logging.NOTSET)
    calls, before = Calls(), []

    def replace(owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        original = getattr(owner, name)
        before.append((owner, name, original, name in vars(owner)))
        setattr(owner, name, make(original))

    for name, kind in _SPARK.items():
        replace(SparkConnectClient, name, lambda method, kind=kind, name=name: _noted(calls, kind, name, method))  # type: ignore[misc]
    for interface, store, kind in ((Tracking, LocalTracking, "tracking"), (Registry, LocalRegistry, "registry")):
        depth = threading.local()
        for name in _requests(interface):
            replace(
                store,
                name,
                lambda method, kind=kind, name=name, depth=depth: _outermost(calls, kind, name, method, depth),  # type: ignore[misc]
            )
    original_caller = entry_points.caller
    entry_points.caller = lambda *arguments: _by_task(calls, original_caller(*arguments))
    try:
        yield calls
    finally:
        entry_points.caller = original_caller
        for owner, name, original, own in reversed(before):
            setattr(owner, name, original) if own else delattr(owner, name)


def _requests(interface: type) -> list[str]:
    return [
        name
        for name, member in vars(interface).items()
        if callable(member) and name not in _NO_REQUEST and name[0] != "_"
    ]


def _noted(calls: Calls, kind: str, what: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def note(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any method
        calls.note(kind, what)
        return method(*arguments, **named)

    return note


def _outermost(calls: Calls, kind: str, what: str, method: Callable[..., Any], depth: Any) -> Callable[..., Any]:  # noqa: ANN401 - thread-local
    """Count calls of the store, but not those that the local store makes of itself."""

    @wraps(method)
    def note(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any method
        inside = getattr(depth, "inside", False)
        if not inside:
            calls.note(kind, what)
        depth.inside = True
        try:
            return method(*arguments, **named)
        finally:
            depth.inside = inside

    return note


def _by_task(calls: Calls, call: Callable[..., Mapping[str, Any]]) -> Callable[..., Mapping[str, Any]]:
    def run(entry_point: str, given: Mapping[str, str]) -> Mapping[str, Any]:
        with calls.during(entry_point):
            return call(entry_point, given)

    return run


def _place() -> str:
    """Return the innermost lines of the machinery that led here."""
    frame, places = inspect.currentframe(), []
    while frame is not None and len(places) < 4:
        file = frame.f_code.co_filename
        if "/machinery/src/" in file:
            places.append(f"{file.partition('/machinery/src/')[2]}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back  # type: ignore[assignment] # none outside the outermost
    return " < ".join(places)


def main() -> int:
    """Run a command of the program `mlops`, and write what it asked to the file that CALL_COUNTS names."""
    with counted() as calls:
        code = cli.run(sys.argv[1:])
    Path(os.environ["CALL_COUNTS"]).write_text(json.dumps(calls.by_task()), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
