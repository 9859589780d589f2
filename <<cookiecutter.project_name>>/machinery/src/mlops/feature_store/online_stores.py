"""Databricks' online stores: creates them, waits until they can be used, and reads what they have of a table."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, NotFound
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.ml import OnlineStore, OnlineStoreState

from ..errors import ProjectError, first_line
from .base import Published
from .store_names import require_name

log = logging.getLogger(__name__)

_WAIT_MINUTES = 30.0  # creation takes about five
_PAUSE_SECONDS = 15.0
# The states of a synchronised table that has all of its source
# (https://docs.databricks.com/api/workspace/database/getsynceddatabasetable).
_COMPLETE = ("SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE", "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE", "SYNCED_TABLE_ONLINE")


def require_available(
    workspace: WorkspaceClient,
    name: str,
    capacity: str,
    *,
    wait_minutes: float = _WAIT_MINUTES,
    pause_seconds: float | None = None,
) -> None:
    """Create an online store if there is none of this name, and return when it can be used.

    Args:
        workspace: The workspace.
        name: The name of the store.
        capacity: Its size, used if it has to be created.
        wait_minutes: How long to wait for it.
        pause_seconds: How long to wait before looking again; by default a quarter of a minute.

    Raises:
        ProjectError: Its name is not valid, it is being deleted, or it is not available in time.
    """
    require_name(name)
    store = _store_of(workspace, name) or _create(workspace, name, capacity)
    start = time.monotonic()
    while store.state is not OnlineStoreState.AVAILABLE:
        state = store.state.value if store.state else "in a state that is not known"
        waited = (time.monotonic() - start) / 60
        if store.state is OnlineStoreState.DELETING:
            raise ProjectError(f"the online store {name} is being deleted: run the job again when it is gone.")
        if waited >= wait_minutes:
            raise ProjectError(
                f"the online store {name} is {state} after {waited:.0f} minutes: look at it in the workspace, then run "
                "the job again, which goes on waiting."
            )
        log.info("online store %s is %s: waiting since %.1f of at most %.0f minutes", name, state, waited, wait_minutes)
        time.sleep(_PAUSE_SECONDS if pause_seconds is None else pause_seconds)
        store = _store_of(workspace, name) or store


def _store_of(workspace: WorkspaceClient, name: str) -> OnlineStore | None:
    try:
        return workspace.feature_store.get_online_store(name)
    except NotFound:
        return None


def _create(workspace: WorkspaceClient, name: str, capacity: str) -> OnlineStore:
    log.info("online store %s is created with the size %s, which takes some minutes", name, capacity)
    try:
        return workspace.feature_store.create_online_store(OnlineStore(name=name, capacity=capacity))
    except AlreadyExists:  # another job was faster
        return OnlineStore(name=name, capacity=capacity)


def read_publication(workspace: WorkspaceClient, online_name: str) -> Published | None:
    """Return what an online store has of a feature table, or None if the table is not published.

    Stores on provisioned database instances and autoscaling projects have APIs of their own for the state of a
    synchronised table. Where neither knows it, Unity Catalog only says that the table exists, not what is in it.

    Args:
        workspace: The workspace.
        online_name: The three-level name of the online table.
    """
    reasons = []
    # The second is what `postgres.get_synced_table` of newer SDKs requests, which the runtimes' do not have.
    for path in (f"/api/2.0/database/synced_tables/{online_name}", f"/api/2.0/postgres/synced_tables/{online_name}"):
        try:
            answer: Any = workspace.api_client.do("GET", path)
        except DatabricksError as error:
            reasons.append(first_line(error))
            continue
        status = answer.get("data_synchronization_status") or answer.get("status") or {}
        return _published(online_name, status)
    try:
        workspace.tables.get(online_name)
    except NotFound:
        return None
    return Published(online_name, None, complete=False, detail=f"not known: {'; '.join(reasons)}", known=False)


def _published(online_name: str, status: Mapping[str, Any]) -> Published:
    state = str(status.get("detailed_state") or "unknown")
    last: Mapping[str, Any] = status.get("last_sync") or {}
    ended = last.get("sync_end_timestamp") or last.get("sync_end_time") or status.get("last_sync_time")
    return Published(
        online_name=online_name,
        synchronised_at=datetime.fromisoformat(str(ended)).astimezone(UTC) if ended else None,
        complete=state in _COMPLETE,
        detail=f"{state} {status.get('message') or ''}".strip(),
    )
