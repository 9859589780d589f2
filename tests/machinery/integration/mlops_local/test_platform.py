import tempfile
from pathlib import Path
from shutil import rmtree

import pytest
from pyspark.sql import functions as F

from mlops.loading import predict
from mlops_local.platform import LocalPlatform

from example import PROJECT

SETTINGS = PROJECT.config


@pytest.mark.skipif(SETTINGS.problem_type == "classification", reason="one type of result is enough for the workers")
def test_workers_that_start_together_all_load_the_whole_model(
    training_run: dict[str, str], platform: LocalPlatform
) -> None:
    rows = platform.tables.read(training_run["training_table"]).limit(400)
    expected = float(predict(training_run["model_uri"], rows.select(*SETTINGS.features).toPandas()).sum())
    rows = rows.select(*SETTINGS.request, *[name for name in SETTINGS.features if name not in SETTINGS.request])
    store = platform.feature_store("dev.unused", SETTINGS.feature_tables)
    for _ in range(3):
        rmtree(Path(tempfile.gettempdir()) / "mlflow", ignore_errors=True)
        scored = store.score_batch(training_run["model_uri"], rows.repartition(8), "double")
        assert scored.agg(F.sum("prediction")).first()[0] == pytest.approx(expected)
