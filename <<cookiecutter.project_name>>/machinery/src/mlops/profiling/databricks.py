"""Databricks' data profiling (formerly Lakehouse Monitoring), through the vendor's SDK.

No bundle can declare a monitor before its table exists, so the first refresh creates it.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.errors.base import DatabricksError

from ..errors import ProjectError, first_line
from ..tables import Tables, quote
from .base import TABLE, ProfileSpec, Refresh, State

log = logging.getLogger(__name__)

_KIND = "table"  # what is monitored; the other kind is a schema
# What is changed in a monitor that exists; the service decides about the rest.
_UPDATED = ("baseline_table_name", "custom_metrics", "inference_log", "slicing_exprs")
_STATES: dict[str, State] = {"SUCCESS": "done", "FAILED": "failed", "CANCELED": "failed"}


class _SlowError(Exception):
    """Something has not finished in time."""


@dataclass(frozen=True)
class DatabricksProfiler:
    """Keeps one monitor for each inference log.

    Attributes:
        tables: Changes a property of the log.
        wait_minutes: How long to wait for the monitor and for a refresh.
        pause_seconds: How long to wait before asking again.
        client: The client of the workspace, whose credentials come from the job.
    """

    tables: Tables
    wait_minutes: float
    pause_seconds: float = 10.0
    client: Any = field(default_factory=WorkspaceClient)

    def refresh(self, spec: ProfileSpec) -> Refresh:
        """Create the monitor or bring it up to date, refresh its metrics, and wait.

        Raises:
            ProjectError: The installed SDK does not know data profiling.
        """
        deadline = time.monotonic() + 60 * self.wait_minutes
        wanted = self._settings(spec)
        try:
            table_id = str(self.client.tables.get(spec.table).table_id)
            failure = self._ensure_monitor(table_id, wanted, spec, deadline)
            return failure or self._run_refresh(table_id, deadline)
        except _SlowError as error:
            return Refresh("slow", f"{error} after {self.wait_minutes:g} minutes")
        except DatabricksError as error:
            return Refresh("refused", first_line(error).partition(". Config: ")[0])  # the SDK adds its settings

    def _settings(self, spec: ProfileSpec) -> Any:  # noqa: ANN401 - a class of the SDK
        """Return the settings of the monitor, apart from where it writes."""
        sdk = self._sdk
        classes = spec.problem_type != "regression"
        kind = sdk.InferenceProblemType[f"INFERENCE_PROBLEM_TYPE_{'CLASSIFICATION' if classes else 'REGRESSION'}"]
        lengths = [f"AGGREGATION_GRANULARITY_{name.upper().replace(' ', '_')}" for name in spec.granularities]
        aggregate = sdk.DataProfilingCustomMetricType.DATA_PROFILING_CUSTOM_METRIC_TYPE_AGGREGATE
        return sdk.DataProfilingConfig(
            output_schema_id="",
            baseline_table_name=spec.reference,
            slicing_exprs=list(spec.slices) or None,
            skip_builtin_dashboard=True,  # the bundle has its own
            custom_metrics=[
                sdk.DataProfilingCustomMetric(
                    name=name,
                    definition=sql,
                    input_columns=[TABLE],
                    output_data_type=json.dumps({"name": name, "type": "double", "nullable": True, "metadata": {}}),
                    type=aggregate,
                )
                for name, sql in spec.metrics.items()
            ]
            or None,
            inference_log=sdk.InferenceLogConfig(
                problem_type=kind,
                timestamp_column=spec.timestamp,
                granularities=[sdk.AggregationGranularity[name] for name in lengths],
                prediction_column=spec.prediction,
                model_id_column=spec.model_version,
                label_column=spec.label,
            ),
        )

    def _ensure_monitor(self, table_id: str, wanted: Any, spec: ProfileSpec, deadline: float) -> Refresh | None:  # noqa: ANN401 - a class of the SDK
        """Create or update the monitor, and wait until it is active; return why it will not be."""
        api, sdk = self.client.data_quality, self._sdk
        try:
            there = api.get_monitor(_KIND, table_id)
        except NotFound:
            self._track_changes(spec.table)
            schema = self.client.schemas.get(spec.table.rsplit(".", maxsplit=1)[0])
            wanted.output_schema_id = str(schema.schema_id)
            monitor = sdk.Monitor(object_type=_KIND, object_id=table_id, data_profiling_config=wanted)
            there = api.create_monitor(monitor)
            log.info("monitor of %s: created", spec.table)
        else:
            config = there.data_profiling_config
            changed = [name for name in _UPDATED if _differs(getattr(config, name, None), getattr(wanted, name))]
            if changed:
                wanted.output_schema_id = config.output_schema_id
                monitor = sdk.Monitor(object_type=_KIND, object_id=table_id, data_profiling_config=wanted)
                there = api.update_monitor(
                    _KIND, table_id, monitor, ",".join(f"data_profiling_config.{name}" for name in changed)
                )
                log.info("monitor of %s: updated %s", spec.table, ", ".join(changed))
        while (state := _short(there.data_profiling_config.status, "PENDING")) != "ACTIVE":
            if state != "PENDING":
                message = there.data_profiling_config.latest_monitor_failure_message or ""
                return Refresh("failed", f"the monitor is in state {state.lower()} {message}".strip())
            self._pause(deadline, "the monitor is not active")
            there = api.get_monitor(_KIND, table_id)
        return None

    def _run_refresh(self, table_id: str, deadline: float) -> Refresh:
        """Start a refresh, unless one is running, and wait until it ends."""
        api, sdk = self.client.data_quality, self._sdk
        running = (
            listed
            for listed in api.list_refresh(_KIND, table_id)
            if _short(listed.state, "PENDING") in {"PENDING", "RUNNING"}
        )
        refresh = next(running, None)
        if refresh is None:
            refresh = api.create_refresh(_KIND, table_id, sdk.Refresh(object_type=_KIND, object_id=table_id))
        started = time.monotonic()
        while (state := _short(refresh.state, "PENDING")) not in _STATES:
            log.info("refresh %s: %s for %.0f s", refresh.refresh_id, state.lower(), time.monotonic() - started)
            self._pause(deadline, f"refresh {refresh.refresh_id} is {state.lower()}")
            refresh = api.get_refresh(_KIND, table_id, refresh.refresh_id)
        return Refresh(_STATES[state], refresh.message or "")

    def _track_changes(self, table: str) -> None:
        """Turn on the change data feed, with which a refresh reads only what has changed."""
        self.tables.spark.sql(f"ALTER TABLE {quote(table)} SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")

    def _pause(self, deadline: float, what: str) -> None:
        if time.monotonic() + self.pause_seconds > deadline:
            raise _SlowError(what)
        time.sleep(self.pause_seconds)

    @cached_property
    def _sdk(self) -> Any:  # noqa: ANN401 - a module that older versions lack
        try:
            return import_module("databricks.sdk.service.dataquality")
        except ImportError:
            raise ProjectError(
                f"databricks-sdk {version('databricks-sdk')} does not know data profiling: install 0.68 or later, as "
                "resources/common.yml does."
            ) from None


def _differs(there: Any, wanted: Any) -> bool:  # noqa: ANN401 - values of the SDK
    """Return whether a setting has another value; empty lists and missing values are the same."""
    first, second = (
        [v.as_dict() for v in s] if isinstance(s, list) and s and hasattr(s[0], "as_dict") else s
        for s in (there, wanted)
    )
    first, second = (value.as_dict() if hasattr(value, "as_dict") else value for value in (first, second))
    return (first or None) != (second or None)


def _short(state: Any, unknown: str) -> str:  # noqa: ANN401 - an enumeration of the SDK
    """Return the last word of a state such as MONITOR_REFRESH_STATE_RUNNING."""
    if state is None:
        return unknown
    name = str(state.value)
    return name.rpartition("STATUS_")[2] if "STATUS_" in name else name.rpartition("STATE_")[2]
