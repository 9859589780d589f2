"""Whether the services that later tasks use answer in this workspace: data profiling and online stores."""

from __future__ import annotations

import importlib.metadata

from databricks.sdk.errors import NotFound

from ..errors import ProjectError
from .answer import NotAskedError
from .job import Job


def data_profiling(probed: Job) -> str:
    """Whether data profiling answers about the table of these answers, which has no monitor."""
    client = probed.platform.workspace()
    table_id = str(client.tables.get(probed.probe_table).table_id)
    service = getattr(client, "data_quality", None)
    if service is None:
        installed = importlib.metadata.version("databricks-sdk")
        raise ProjectError(f"databricks-sdk {installed} does not know data profiling: 0.68 is the first that does")
    try:
        service.get_monitor("table", table_id)
    except NotFound:
        return "it answers, and has no monitor of this table yet"
    return "it answers, and has a monitor of this table"


def online_store(probed: Job) -> str:
    """Whether online stores answer, and whether the project's is there already."""
    if not probed.online_store:
        raise NotAskedError("the variable online_store is empty")
    stores = {str(store.name): store for store in probed.platform.workspace().feature_store.list_online_stores()}
    own = stores.get(probed.online_store)
    state = "is created by the first features job" if own is None else f"is {own.state.value if own.state else 'there'}"
    return f"they answer; {probed.online_store} {state}"
