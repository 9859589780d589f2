"""The embedded Spark Connect engine: pysail without Java, or Apache Spark on Java 17."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from pyspark.sql import SparkSession

from mlops.errors import ProjectError

Engine = Callable[[Sequence[str]], AbstractContextManager[SparkSession]]


def start(name: str, catalogs: Sequence[str]) -> AbstractContextManager[SparkSession]:
    """Start an engine that knows the catalogs; it stops with the `with` block.

    Raises:
        ProjectError: There is no engine with that name, or its requirements are not installed.
    """
    if name not in ENGINES:
        raise ProjectError(f"there is no engine {name!r}: choose one of {', '.join(ENGINES)}.")
    return ENGINES[name](catalogs)


@contextmanager
def _sail(catalogs: Sequence[str]) -> Iterator[SparkSession]:
    """A Spark Connect server in this process, written in Rust."""
    _require("pysail", "make setup")
    entries = ", ".join(f'{{name="{name}", type="memory", initial_database=["default"]}}' for name in catalogs)
    os.environ["SAIL_CATALOG__LIST"] = f"[{entries}]"
    os.environ["SAIL_CATALOG__DEFAULT_CATALOG"] = catalogs[0]
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 - optional, and reads the variables above

    with _temporary_folder():
        server = SparkConnectServer()
        server.start(background=True)
        _, port = server.listening_address
        spark = SparkSession.builder.remote(f"sc://localhost:{port}").create()
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        try:
            yield spark
        finally:
            # The server waits for its sessions to stop, so stop the session first.
            spark.stop()
            server.stop()


@contextmanager
def _temporary_folder() -> Iterator[None]:
    """Use a separate folder for the temporary files of this run.

    MLflow caches the models of the engine's workers in the temporary folder, by model URI and process id. A later
    process with the same id would predict with an outdated model.
    """
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="engine-") as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


@contextmanager
def _spark(catalogs: Sequence[str]) -> Iterator[SparkSession]:
    """Apache Spark's own Connect server on this machine's Java."""
    if importlib.util.find_spec("py4j") is None:
        raise ProjectError("ENGINE=spark needs Apache Spark in its own environment: run make setup ENGINE=spark.")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise ProjectError("ENGINE=spark needs Java 17: install it, or use the default ENGINE=sail, which does not.")
    from .spark_engine import apache_spark  # noqa: PLC0415 - its imports exist only in that environment

    with apache_spark(catalogs) as spark:
        yield spark


def _require(module: str, remedy: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ProjectError(f"{module} is not installed in this environment: run {remedy}.")


ENGINES: dict[str, Engine] = {"sail": _sail, "spark": _spark}
