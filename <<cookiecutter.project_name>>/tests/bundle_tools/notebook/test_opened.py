from pyspark.sql import SparkSession

from bundle_tools.notebook.opened import user
from mlops.platform.databricks import DatabricksPlatform
from mlops.platform.local import LocalPlatform


def test_the_schema_is_that_of_who_is_logged_in_where_the_notebook_runs(
    spark: SparkSession, platform: LocalPlatform
) -> None:
    assert user(platform) is None
    assert user(DatabricksPlatform(spark, None)) == spark.sql("SELECT current_user() AS name").collect()[0]["name"]
