"""The whole life of a small model: logged, registered, tagged, given an alias, loaded by Spark, and deleted again."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
from zlib import crc32

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from pyspark.sql import functions as F
from sklearn.linear_model import LinearRegression

from ..errors import ProjectError, first_line
from ..platform.base import Platform
from ..platform.parts import UnavailableError
from ..registry import Registry, uri
from ..training.requirements import model_requirements
from .job import Job

log = logging.getLogger(__name__)

ALIAS, TAG = "Probe", "mlops_probe"
_ROWS = 3


def life(probed: Job) -> str:
    """Whether a model can be logged, registered, tagged, given an alias, and loaded by Spark's workers.

    Nothing of it remains, whatever fails, and nothing of an earlier probe that was killed.
    """
    name = _name(probed, probed.run_id)
    leftovers = remove(probed)
    try:
        version = _register(probed, name)
        row_count = _score(probed, uri(name, version))
    except BaseException:
        _remove_if_possible(probed)
        raise
    remove(probed)
    earlier = f"; removed what an earlier probe left: {', '.join(leftovers)}" if leftovers else ""
    return f"version {version} of {name}, with tag and alias, scored {row_count} rows, and was deleted{earlier}"


def _name(probed: Job, run_id: str) -> str:
    """Return the name of the model, which differs by run: Spark's workers keep a model that they loaded by its name."""
    return f"{probed.model_name}_probe_{run_id}"


def _remove_if_possible(probed: Job) -> None:
    """Remove everything; what cannot be removed is left to the next probe, because the first error is the answer."""
    try:
        remove(probed)
    except Exception as error:  # noqa: BLE001 - as above
        log.warning("what this probe has created could not be removed: %s", first_line(error))


def _intercept(run_id: str) -> int:
    """Return a number that differs by run, so that the model of another run is noticed."""
    return crc32(run_id.encode()) % 1_000_000


def _register(probed: Job, name: str) -> str:
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    estimator = LinearRegression().fit(frame, frame["x"] + _intercept(probed.run_id))
    with mlflow.start_run(experiment_id=probed.experiment_id, run_name="probe", tags={TAG: probed.run_id}):
        mlflow.log_metric("x", 1.0)
        mlflow.log_text("x", "probe.txt")
        logged = mlflow.sklearn.log_model(
            estimator,
            name="model",
            signature=infer_signature(frame, estimator.predict(frame)),
            serialization_format="cloudpickle",
            pip_requirements=model_requirements(),
        )
    version = str(mlflow.register_model(logged.model_uri, name).version)
    registry = Registry(name)
    registry.tag(version, TAG, probed.run_id)
    registry.set_alias(ALIAS, version)
    aliased = registry.find(ALIAS)
    if (str(aliased.version), aliased.tags.get(TAG)) != (version, probed.run_id):
        raise ProjectError(
            f"the alias {ALIAS} of {name} leads to version {aliased.version} with the tags {aliased.tags}"
        )
    return version


def _score(probed: Job, model_uri: str) -> int:
    spark = probed.platform.tables.spark
    predict = mlflow.pyfunc.spark_udf(spark, model_uri, result_type="double", env_manager="local")
    rows = spark.range(_ROWS).select(F.col("id").cast("double").alias("x"))
    predictions = sorted(row["y"] for row in rows.select(predict(F.struct("x")).alias("y")).collect())
    wanted = [float(_intercept(probed.run_id) + x) for x in range(_ROWS)]
    if [round(value, 3) for value in predictions] != wanted:
        raise ProjectError(f"{model_uri} predicts {predictions} in Spark's workers instead of {wanted}")
    return len(predictions)


def remove(probed: Job) -> list[str]:
    """Remove what this and earlier probes have left, and return it: registered models, and runs with their files.

    The run is created first and removed last, so that the next probe finds by it whatever a killed one has left.
    """
    client, experiment = MlflowClient(), [probed.experiment_id]
    removed: list[str] = []
    for run in client.search_runs(experiment, f"tags.{TAG} LIKE '%'"):
        run_id = run.info.run_id
        removed += _remove_registered(client, _name(probed, run.data.tags[TAG]))
        for logged in client.search_logged_models(experiment, filter_string=f"source_run_id = '{run_id}'"):
            _remove_files(probed.platform, str(logged.artifact_location), logged.model_id)
            client.delete_logged_model(logged.model_id)
        _remove_files(probed.platform, str(run.info.artifact_uri), run_id)
        client.delete_run(run_id)
        removed.append(f"run {run_id}")
    return removed


def _remove_registered(client: MlflowClient, name: str) -> list[str]:
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return []
    for version in client.search_model_versions(f"name='{name}'"):
        client.delete_model_version(name, str(version.version))
    client.delete_registered_model(name)
    return [f"the registered model {name}"]


def _remove_files(platform: Platform, location: str, of: str) -> None:
    """Remove the folder of a run or of a model from a volume or this machine: MLflow's client cannot for a volume.

    Args:
        platform: The platform.
        location: The folder of its files, which is in a folder of its own.
        of: Its id.
    """
    parts = urlsplit(location)
    if parts.scheme == "dbfs" and parts.path.startswith("/Volumes/"):
        try:
            folder = platform.volume(parts.path)
        except UnavailableError as error:
            log.warning("the files in %s remain: %s", location, error)
            return
    elif parts.scheme in {"", "file"}:
        folder = Path(url2pathname(parts.path))
    else:
        return
    shutil.rmtree(folder.parent if folder.parent.name == of else folder, ignore_errors=True)
