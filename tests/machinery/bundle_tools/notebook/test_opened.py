import pytest
from pyspark.sql import SparkSession

from bundle_tools.notebook.opened import user
from mlops.platform.databricks import DatabricksPlatform
from mlops_local.platform import LocalPlatform

from fake_workspace import USER, FakeWorkspace


def test_the_schema_in_a_workspace_is_that_of_who_is_logged_in(
    spark: SparkSession, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert user(platform) is None
    with FakeWorkspace() as workspace:
        monkeypatch.setenv("DATABRICKS_HOST", workspace.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "unused")
        assert user(DatabricksPlatform(spark, None)) == USER
