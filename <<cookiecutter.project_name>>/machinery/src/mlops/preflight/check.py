"""Finds the mistakes in a project before any task runs; `make check`, the runner and the first task of a job use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pyspark.sql import DataFrame, SparkSession

from ..config.features import is_foreign
from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..feature_store.base import full_name
from ..features import on_demand
from ..features.uc_function import Definition
from ..project import Project
from ..tables import Tables
from . import code, monitored, own_metrics, rehearsal
from .empty_frames import columns
from .inputs import Types, follow

_passed: list[Project] = []  # the projects without mistakes in this process


def require(project: Project, tables: Tables, schema: str) -> None:
    """Make sure that the configuration, the functions and the model of a project fit each other.

    It takes about a second; later calls for the same project do nothing.

    Args:
        project: The project.
        tables: Reads the columns of feature tables of other projects, if they exist.
        schema: The project's own schema (two-level name).

    Raises:
        ProjectError: They do not fit; the message has a sentence for each mistake.
    """
    if any(passed is project for passed in _passed):
        return
    names = {name: full_name(schema, name) for name in project.config.feature_tables if is_foreign(name)}
    foreign = {name: dict(tables.read(table).dtypes) for name, table in names.items() if tables.exists(table)}
    mistakes = problems(project, tables.spark, foreign)
    if len(mistakes) == 1:
        raise ProjectError(f"{mistakes[0]}.")
    if mistakes:
        raise ProjectError(f"the project has {len(mistakes)} mistakes:\n" + "\n".join(f"- {text}" for text in mistakes))
    if len(foreign) == len(names):
        _passed.append(project)


def problems(project: Project, spark: SparkSession, foreign: Mapping[str, Types] | None = None) -> list[str]:
    """Return the mistakes, a sentence each. Spark only resolves columns of empty frames, and computes nothing.

    Args:
        project: The project.
        spark: A Spark session.
        foreign: The columns of the feature tables of other projects, as far as they are known.
    """
    mistakes = list(code.problems(project))
    if mistakes:
        return mistakes  # further mistakes would follow from these
    config = project.config
    spine, tables = _frames(project, spark, mistakes)
    if mistakes:
        return mistakes
    followed = follow(config, spine, {**tables, **(foreign or {})}, _functions(project))
    mistakes += followed.problems
    mistakes += [] if mistakes else monitored.problems(config, followed.types, spark)
    return mistakes or [*own_metrics.problems(config), *rehearsal.problems(project, followed.types)]


def _frames(project: Project, spark: SparkSession, mistakes: list[str]) -> tuple[Types, dict[str, Types]]:
    """Return the columns of the spine and of each feature table of the project; note the mistakes."""
    spine: Types = {}
    tables: dict[str, Types] = {}
    for name, function, sources in _calls(project):
        try:
            types = columns(spark, project.config, f"features.{name}", function, sources)
        except ProjectError as error:
            mistakes.append(str(error))
            continue
        if name == "spine":
            spine = types
        else:
            tables[name] = types
    return spine, tables


def _calls(project: Project) -> Iterator[tuple[str, Callable[..., DataFrame], tuple[str, ...]]]:
    config = project.config
    yield "spine", project.spine, config.spine_sources
    for name in config.own_tables:
        yield name, project.feature_tables[name], config.table_sources(name)


def _functions(project: Project) -> dict[str, Definition]:
    config: ProjectConfig = project.config
    return on_demand.definitions(config.functions, project.functions, config.lookup_keys)
