"""Which Databricks utilities a task gets, on runtimes that build their namespace, that cannot, and that have none."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from databricks.sdk.dbutils import RemoteDbUtils

from mlops.errors import ProjectError
from mlops.platform import utilities
from mlops.platform.databricks import DatabricksPlatform
from mlops.tasks import task

from example import PROJECT
from fake_workspace import FakeWorkspace

SESSION: Any = SimpleNamespace()


class DBUtils:
    """The utilities of a runtime: `jobs.taskValues.set` keeps what it gets (databricks/sdk/runtime/dbutils_stub.py)."""

    def __init__(self, _: object = None) -> None:
        self.values: dict[str, str] = {}
        self.jobs = SimpleNamespace(taskValues=SimpleNamespace(set=self._set))

    def _set(self, key: str, value: str) -> None:
        self.values[key] = value


DBUtils.__module__ = "dbruntime.dbutils"


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    """Credentials, which the SDK's own utilities need; afterwards the SDK's module of the runtime is loaded anew."""
    with FakeWorkspace() as fake:
        monkeypatch.setenv("DATABRICKS_HOST", fake.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "unused")
        _forget_runtime()
        yield fake
    _forget_runtime()


def _forget_runtime() -> None:
    for name in [name for name in sys.modules if name.startswith("databricks.sdk.runtime")]:
        del sys.modules[name]


def runtime(monkeypatch: pytest.MonkeyPatch, namespace: Any) -> None:  # noqa: ANN401 - a dictionary or an error
    """Put a `dbruntime` on this machine, whose namespace is a dictionary, or raises an error when it is built.

    The SDK reads it as `UserNamespaceInitializer.getOrCreate().get_namespace_globals()` (databricks/sdk/runtime/
    __init__.py); version 0.117 and later catch every error there, 0.67 only an ImportError.
    """

    def build() -> dict[str, object]:
        if isinstance(namespace, Exception):
            raise namespace
        return dict(namespace)

    module = ModuleType("dbruntime")
    initializer = SimpleNamespace(getOrCreate=lambda: SimpleNamespace(get_namespace_globals=build))
    module.UserNamespaceInitializer = initializer  # type: ignore[attr-defined] # as the runtime's module has it
    monkeypatch.setitem(sys.modules, "dbruntime", module)


def installed(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_the_utilities_are_those_of_the_runtimes_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    own = DBUtils()
    runtime(monkeypatch, {"dbutils": own})
    assert utilities.find_utilities(SESSION) is own
    assert utilities.require_task_values(own) == "dbruntime.dbutils.DBUtils"


@pytest.mark.parametrize("error", [ImportError("no namespace"), RuntimeError("no namespace"), None])
def test_where_the_namespace_cannot_be_built_a_task_does_not_lose_its_values_in_silence(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    if error is not None:
        runtime(monkeypatch, error)
    found = utilities.find_utilities(SESSION)
    platform = DatabricksPlatform(SESSION, found)
    with pytest.raises(
        ProjectError, match=r"task values would be lost.*(RemoteDbUtils, which sets none|no Databricks)"
    ):
        platform.publish("model_uri", "models:/m/1")
    with pytest.raises(ProjectError, match="task values would be lost"):
        platform.require_task_values()


def test_the_sdks_own_utilities_set_no_task_value() -> None:
    """The reason of this module, in the installed SDK: its method returns without doing anything."""
    remote = RemoteDbUtils()
    assert remote.jobs.taskValues.set("key", "value") is None  # type: ignore[func-returns-value] # that is the point
    assert not [line for line in _body(remote.jobs.taskValues.set) if line]
    assert utilities.loses_task_values(remote) == (
        "the Databricks utilities are databricks.sdk.dbutils.RemoteDbUtils, which sets none"
    )


def _body(function: Any) -> list[str]:  # noqa: ANN401 - any function
    documented = inspect.getsource(function).rpartition('"""')[2]
    return [line.strip() for line in documented.splitlines()]


def test_the_namespace_of_the_shell_is_the_next_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime(monkeypatch, RuntimeError("no namespace"))
    own = DBUtils()
    installed(monkeypatch, "IPython", get_ipython=lambda: SimpleNamespace(user_ns={"dbutils": own}))
    assert utilities.find_utilities(SESSION) is own


def test_then_the_spark_session_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime(monkeypatch, RuntimeError("no namespace"))
    installed(monkeypatch, "IPython", get_ipython=lambda: None)
    installed(monkeypatch, "pyspark.dbutils", DBUtils=DBUtils)
    assert isinstance(utilities.find_utilities(SESSION), DBUtils)


def test_without_any_the_sdks_own_still_read_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime(monkeypatch, ImportError("no namespace"))
    assert isinstance(utilities.find_utilities(SESSION), RemoteDbUtils)


def test_utilities_of_another_kind_that_set_nothing_are_refused() -> None:
    assert utilities.loses_task_values(None) == "this compute has no Databricks utilities"
    assert "which cannot set any" in str(utilities.loses_task_values(SimpleNamespace(jobs=SimpleNamespace())))


class Parameters(task.Parameters):
    """None."""


class Values(task.Values):
    """One value, which a later task needs."""

    key: str


class Reported(Values):
    """The values of the task that reports whether they arrive."""

    @classmethod
    def may_be_lost(cls) -> bool:
        return True


@pytest.mark.parametrize(("values", "runs"), [(Values, False), (Reported, True)])
def test_a_task_whose_values_would_be_lost_fails_before_it_works_unless_it_is_the_one_that_reports_it(
    monkeypatch: pytest.MonkeyPatch, values: type[Values], *, runs: bool
) -> None:
    worked: list[bool] = []

    def run(parameters: Parameters, project: object, platform: object) -> Values:  # noqa: ARG001 - a task
        worked.append(True)
        return Values(key="value")

    run.__annotations__.update(parameters=Parameters, project=object, platform=object)
    run.__annotations__["return"] = values
    monkeypatch.setattr(task, "current", lambda: DatabricksPlatform(SESSION, RemoteDbUtils()))
    with pytest.raises(ProjectError, match="task values would be lost"):
        task.Task(run, PROJECT)([])  # type: ignore[arg-type] # it uses neither project nor platform
    assert worked == ([True] if runs else [])
