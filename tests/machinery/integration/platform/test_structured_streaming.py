import mlflow
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.connect.plan import LogicalPlan

from mlops.errors import ProjectError
from mlops.platform.databricks import DatabricksPlatform
from mlops.platform.streaming import Streaming
from mlops.platform.structured_streaming import InItsProcess


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("[INFINITE_STREAMING_TRIGGER_NOT_SUPPORTED] ...", "serverless compute only runs streams that stop"),
        ("[DELTA_SCHEMA_CHANGED_WITH_VERSION] ...", "the schema of c.s.t changed while it was streamed: run the job"),
        ("[OTHER] ...", "OTHER"),
    ],
)
def test_what_stops_a_stream_says_what_to_do(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, raised: str, told: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PySparkException(raised)

    monkeypatch.setattr("pyspark.sql.connect.streaming.readwriter.DataStreamWriter.start", fail)
    monkeypatch.setattr("pyspark.sql.connect.streaming.readwriter.DataStreamReader.table", lambda *_: spark.range(1))
    with pytest.raises((ProjectError, PySparkException), match=told):
        DatabricksPlatform(spark, None).stream("c.s.t", print, Streaming("/Volumes/c/s/v/x", {}, None, 1.0))  # type: ignore[arg-type] # not called


def test_a_sink_numbers_its_plans_apart_from_those_of_the_driver(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LogicalPlan, "_nextPlanId", 0)
    found = []

    def sink(rows: DataFrame, batch: int, platform: DatabricksPlatform) -> None:
        found.append((rows.count(), batch, platform.spark))
        assert LogicalPlan._nextPlanId > 1_000_000  # noqa: SLF001 - nothing public tells it

    process = InItsProcess(sink, DatabricksPlatform, mlflow.get_tracking_uri(), mlflow.get_registry_uri())
    process(spark.range(3), 7)
    assert found == [(3, 7, spark)]
