"""Check the source tables, create the functions of on-demand features, and bring every feature table up to date."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pydantic import field_validator

from ..errors import ProjectError, did_you_mean
from ..features import incremental, on_demand
from ..features.computation import Computation, Look, computation
from ..features.incremental import Progress, Span
from ..features.run_log import FeatureRuns
from ..platform.base import Platform
from ..preflight import check as preflight
from ..project import Project
from ..sources import data_contract
from ..sources.sources import Sources
from ..training.training_set import require_columns, require_time
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read and write, and what to compute.

    Attributes:
        source_tables: The three-level name of the table of each source, as `name=table` separated by spaces.
        schema_name: Two-level name of the schema of the feature tables.
        since: Recompute feature rows from this ISO 8601 time, or all of them (`all`), besides the rows that are new;
            empty for only the new rows.
        online_store: The online store to publish the feature tables to; empty for none.
        online_store_capacity: Its size, used if it has to be created.
    """

    source_tables: str
    schema_name: str
    since: str = ""
    online_store: str = ""
    online_store_capacity: str = "CU_1"

    @field_validator("since")
    @classmethod
    def _since_is_a_time(cls, text: str) -> str:
        return incremental.require_since(text)


class Values(task.Values):
    """The feature tables that were written, and the on-demand functions, each separated by commas."""

    feature_tables: str
    functions: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Compute the new rows of each feature table, and merge them into it.

    Raises:
        ProjectError: A source breaks its contract, or a function is missing or wrong; then nothing is written.
    """
    preflight.require(project, platform.tables, parameters.schema_name)
    settings = project.config
    sources = Sources.of(parameters.source_tables, settings.sources, platform.tables)
    for name, contract in settings.sources.items():
        data_contract.enforce(contract, sources.frame(name), sources.names[name])
    store = platform.feature_store(parameters.schema_name, settings.feature_tables)
    definitions = on_demand.definitions(settings.functions, project.functions, settings.lookup_keys)
    runs = FeatureRuns(platform.tables, parameters.schema_name)
    last, look = runs.last(list(settings.own_tables)), Look()
    work = [_computation(name, project, parameters, sources, last[name], look) for name in settings.own_tables]
    functions = store.register(definitions.values())
    for computed in work:
        log.info("feature table %s: computing %s (%s)", computed.name, _extent(computed.span), computed.span.reason)
        store.write_table(computed.name, computed.frame, replace=computed.span.replace)
        if parameters.online_store:
            store.publish_table(computed.name, parameters.online_store, parameters.online_store_capacity)
    runs.record((computed.name, computed.progress, computed.span) for computed in work)
    tables = [f"{parameters.schema_name}.{computed.name}" for computed in work]
    return Values(feature_tables=",".join(tables), functions=",".join(functions))


def _computation(  # noqa: PLR0913, PLR0917 - what a run knows about one table
    name: str, project: Project, parameters: Parameters, sources: Sources, last: Mapping[str, Progress], look: Look
) -> Computation:
    table, compute = project.config.feature_tables[name], project.feature_tables.get(name)
    if compute is None:
        hint = did_you_mean(name, project.feature_tables)
        raise ProjectError(f"features.py has no function {name}{hint}: add it, or remove the table from project.yml.")
    read, wanted = project.config.table_sources(name), incremental.parse_since(parameters.since)
    computed = computation(name, table, compute, sources, read, last, wanted, look)
    require_columns(computed.frame.columns, table.primary_keys, f"the frame of features.{name}")
    if table.event_time is not None:
        require_time(computed.frame, table.event_time, f"the frame of features.{name}")
    return computed


def _extent(span: Span) -> str:
    return "all rows" if span.since is None else f"rows since {span.since:%Y-%m-%d %H:%M:%S}"
