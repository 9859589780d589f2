"""Compute every feature table of the configuration from the source table."""

from __future__ import annotations

import logging

from .. import config, features
from ..errors import ProjectError
from ..platform import Platform
from ..training_set import require_columns
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read and write: three-level name of the source, two-level name of the schema of the features."""

    source_table: str
    schema_name: str


class Values(task.Values):
    """The feature tables written, separated by commas."""

    feature_tables: str


def run(parameters: Parameters, platform: Platform) -> Values:
    """Compute and merge each feature table."""
    settings = config.load()
    source = platform.tables.read(parameters.source_table)
    require_columns(source.columns, settings.source.columns, f"source table {parameters.source_table}")
    store = platform.feature_store(parameters.schema_name)
    frames = {}
    for name, table in settings.feature_tables.items():
        compute = getattr(features, name, None)
        if compute is None:
            raise ProjectError(f"features.py has no function {name}: write it, or remove the table from project.yml.")
        frames[name] = compute(source)
        require_columns(frames[name].columns, (*table.keys, table.event_time), f"the frame of features.{name}")
    for name, frame in frames.items():
        store.write_table(name, frame, settings.feature_tables[name])
        log.info("feature table %s.%s written", parameters.schema_name, name)
    return Values(feature_tables=",".join(f"{parameters.schema_name}.{name}" for name in frames))


main = task.Task(run)
