import pytest

from mlops.errors import ProjectError
from mlops.platform import base as platforms
from mlops_local.platform import LocalPlatform


def test_the_platform_in_use_is_current_inside_its_block(platform: LocalPlatform) -> None:
    with platforms.use(platform):
        assert platforms.current() is platform


def test_outside_databricks_and_the_runner_the_error_says_how_to_run_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    with pytest.raises(ProjectError, match="make run JOB="):
        platforms.current()


def test_on_databricks_the_platform_connects_to_it(monkeypatch: pytest.MonkeyPatch, platform: LocalPlatform) -> None:
    from mlops.platform import databricks  # noqa: PLC0415 - imported lazily, like in the code under test

    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "client.5.0")
    monkeypatch.setattr(databricks.DatabricksPlatform, "connect", lambda: platform)
    assert platforms.current() is platform


def test_task_values_are_kept_for_the_runner(platform: LocalPlatform) -> None:
    platform.publish("key", "value")
    assert platform.task_values["key"] == "value"


def test_tables_are_stored_by_catalog_schema_and_name(platform: LocalPlatform) -> None:
    assert platform.tables.locate is not None
    assert platform.tables.locate("c.s.t") == str(platform.folder / "c" / "s" / "t")
