"""What a local run does when the source gets other rows than before, not only more."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mlops.features.run_log import FeatureRuns
from mlops.inference.run_log import forget_progress
from mlops_local.platform import LocalPlatform

NOTE = (
    "the source has other rows than in earlier runs: features are computed anew, and inference searches all rows, but "
    "the predictions, metrics and models of the earlier rows are kept; make clean removes them"
)


def has_other_rows(platform: LocalPlatform, table: str, rows: DataFrame) -> bool:
    """Return whether a source table has rows that are not among these."""
    if not platform.tables.exists(table):
        return False
    before = platform.tables.read(table)
    if before.dtypes != rows.dtypes:
        return True
    old, new = (frame.select(F.xxhash64(*frame.columns).alias("hash")) for frame in (before, rows))
    return old.join(new, ["hash"], "left_anti").limit(1).count() > 0


def start_anew(platform: LocalPlatform, tables: Path) -> None:
    """Let the features of every target be computed anew, and all rows be searched; tell the user what is kept.

    Args:
        platform: The platform of the run.
        tables: The folder of the tables: catalog / schema / table.
    """
    for folder in sorted(tables.glob("*/*/feature_runs")):
        catalog, schema, _ = folder.relative_to(tables).parts
        FeatureRuns(platform.tables, f"{catalog}.{schema}").forget()
    for folder in sorted(tables.glob("*/*/inference_runs")):
        catalog, schema, _ = folder.relative_to(tables).parts
        forget_progress(platform.tables, f"{catalog}.{schema}")
    platform.notes.append(NOTE)
