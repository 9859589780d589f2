"""Configuration, functions and model of the project fit each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pyspark.sql import SparkSession

from bundle_tools.run import entry_points
from mlops.preflight.check import problems


def test_the_code_of_the_project_fits_its_configuration(
    root: Path, spark: SparkSession, none_of: Callable[[Iterable[str]], None]
) -> None:
    none_of(problems(entry_points.project(entry_points.load(root)), spark))
