from datetime import UTC, datetime

from mlops.features.incremental import Progress, Span
from mlops.features.run_log import FeatureRuns
from mlops.sources.times import from_micros
from mlops_local.platform import LocalPlatform

UNTIL = datetime(2024, 3, 31, 1, 30, 0, 123456, tzinfo=UTC)
PROGRESS = {"dev.s.trips": Progress("abc", UNTIL, 7), "dev.s.zones": Progress("abc", None, -7)}
SPAN = Span(None, replace=True, reason="requested by the user")


def test_times_are_exact_to_the_microsecond() -> None:
    assert from_micros(1_711_848_600_123_456) == UNTIL


def test_the_last_run_of_a_table_is_remembered(platform: LocalPlatform, schema: str) -> None:
    runs = FeatureRuns(platform.tables, schema)
    for name in ("one", "other"):
        platform.tables.overwrite(f"{schema}.{name}", platform.spark.range(1))
    assert runs.last(["one", "other"]) == {"one": {}, "other": {}}
    runs.record([("one", {"dev.s.old": Progress("abc", UNTIL, 3)}, SPAN)])
    runs.record([("one", PROGRESS, SPAN), ("other", {"dev.s.trips": Progress("def", UNTIL, 5)}, SPAN)])
    assert runs.last(["one", "other"]) == {"one": PROGRESS, "other": {"dev.s.trips": Progress("def", UNTIL, 5)}}
    runs.record([("other", {}, SPAN)])  # a source without rows leaves nothing to go on from
    assert runs.last(["one"]) == {"one": PROGRESS}


def test_a_run_of_a_table_that_no_longer_exists_is_ignored(platform: LocalPlatform, schema: str) -> None:
    runs = FeatureRuns(platform.tables, schema)
    runs.record([("gone", PROGRESS, SPAN)])
    assert runs.last(["gone"]) == {"gone": {}}
