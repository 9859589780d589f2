"""Checks that an endpoint can look up the features of a model: the online store has its feature tables, up to date."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..feature_store.base import FeatureStore, Published
from ..platform.base import Platform

log = logging.getLogger(__name__)

_WAIT_MINUTES = 15.0  # a first synchronisation starts a pipeline
_PAUSE_SECONDS = 10.0


def require_published(
    config: ProjectConfig, platform: Platform, schema: str, online_store: str, pause_seconds: float = _PAUSE_SECONDS
) -> None:
    """Make sure that every feature table of the lookups is in the online store, and wait for one that is on its way.

    Args:
        config: The project's configuration.
        platform: The platform.
        schema: The two-level name of the schema of the feature tables.
        online_store: The online store.
        pause_seconds: How long to wait before looking again.

    Raises:
        ProjectError: A table is not published, its last synchronisation failed or is too old, or nothing tells its age
            and no reason is given for accepting that.
    """
    tables = list(dict.fromkeys(lookup.table for lookup in config.lookups))
    if tables and not online_store:
        raise ProjectError(
            f"the model looks up {', '.join(tables)}, but there is no online store that an endpoint can look them up "
            "in: set the variable online_store in databricks.yml, and run the features job."
        )
    store = platform.feature_store(schema, config.feature_tables)
    deadline = time.monotonic() + 60 * _WAIT_MINUTES
    for table in tables:
        publication = _wait_for_rows(store, table, online_store, deadline, pause_seconds)
        if publication.known:
            _require_fresh(table, online_store, publication, config.serving.features_max_age_hours)
        else:
            _require_accepted(table, online_store, publication, config.serving.unknown_age_accepted)


def _wait_for_rows(
    store: FeatureStore, table: str, online_store: str, deadline: float, pause_seconds: float
) -> Published:
    """Return what the online store has of a table, once it has been synchronised for the first time."""
    while True:
        publication = store.publication(table, online_store)
        if publication is None:
            raise ProjectError(
                f"feature table {table} is not published to the online store {online_store}: run the features job, "
                "which publishes it, then promote again."
            )
        if publication.synchronised_at is not None or not publication.known:
            return publication
        if "FAILED" in publication.detail or time.monotonic() + pause_seconds > deadline:
            raise ProjectError(
                f"feature table {table} has not reached the online store {online_store} ({publication.detail}): see "
                f"the pipeline of {publication.online_name}, then promote again."
            )
        log.info("feature table %s is on its way to the online store: %s", table, publication.detail)
        time.sleep(pause_seconds)


def _require_fresh(table: str, online_store: str, publication: Published, hours: float) -> None:
    """Raise ProjectError if the online copy is incomplete and its last synchronisation is older than allowed."""
    assert publication.synchronised_at is not None  # noqa: S101 - for the type checker
    age = datetime.now(UTC) - publication.synchronised_at
    if "FAILED" in publication.detail or (not publication.complete and age > timedelta(hours=hours)):
        raise ProjectError(
            f"feature table {table} in the online store {online_store} is stale: it was synchronised last at "
            f"{publication.synchronised_at:%Y-%m-%d %H:%M} UTC ({publication.detail}). Run the features "
            "job, then promote again."
        )


def _require_accepted(table: str, online_store: str, publication: Published, reason: str) -> None:
    """Raise ProjectError if nothing tells how old the online copy is, and nobody has accepted that with a reason."""
    if not reason:
        raise ProjectError(
            f"how old feature table {table} is in the online store {online_store} is {publication.detail}. Look at "
            f"{publication.online_name} in Catalog Explorer, then give the reason for releasing without that check as "
            "serving.unknown_age_accepted in project.yml."
        )
    log.warning("feature table %s: its age online is not known, which is accepted: %s", table, reason)
