"""Removes a deployment with everything that its jobs made, also after a run that was cancelled half-way."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.errors.base import DatabricksError

from mlops.errors import ProjectError

from . import leftovers
from .deployment import Deployment
from .lock import lock_options
from .own_schemas import schema_names, snapshot_schemas
from .workspace_objects import FOLDER, jobs

log = logging.getLogger(__name__)

_SECONDS = 120  # how long cancelled runs may take to end
_PAUSE = 5.0
_ROUNDS = 3  # of removing what is left


def destroy(deployment: Deployment, pause: float = _PAUSE, *, force_lock: bool = False) -> None:
    """Cancel the runs, remove what tasks made outside the bundle, destroy the bundle, and look whether all is gone.

    One failing step does not stop the others. The lock of a deployment with a prefix is forced, and what the CLI does
    not know of it is removed as well, so it does not matter where an earlier command was interrupted.

    Args:
        deployment: What to destroy.
        pause: Seconds between two looks at the same thing.
        force_lock: Whether to force the lock of a deployment without a prefix.

    Raises:
        ProjectError: It is production or the main deployment of a shared target, a step failed, or something is left.
    """
    if deployment.is_protected or (deployment.bundle.mode is None and not deployment.prefix):
        raise ProjectError(
            f"target {deployment.bundle.target} is shared, so only its deployments with a prefix can be destroyed: "
            "give PREFIX=pr12_"
        )
    client = deployment.client()
    schemas = schema_names(deployment)
    own = [*schemas, *snapshot_schemas(deployment)]
    steps: list[Callable[[], object]] = [
        lambda: _cancel_runs(client, deployment, pause),
        lambda: _delete_endpoints(client, schemas),
        lambda: _delete_snapshots(client, deployment),
        lambda: deployment.cli("destroy", "--auto-approve", *lock_options(client, deployment, force_lock=force_lock)),
    ]
    failures = _failures(steps)
    if deployment.prefix:
        keeps_folder = bool(failures)  # the CLI's state in it may name resources of kinds that only the CLI knows
        failures += _failures([lambda: _remove_leftovers(client, deployment, own, pause, keeps_folder=keeps_folder)])
    else:
        failures += _failures([lambda: _require_gone(client, own)])
    if failures:
        raise ProjectError("; ".join(failures))


def _failures(steps: Sequence[Callable[[], object]]) -> list[str]:
    failures = []
    for step in steps:
        try:
            step()
        except (ProjectError, DatabricksError, TimeoutError) as error:
            failures.append(str(error))
    return failures


def _remove_leftovers(
    client: WorkspaceClient, deployment: Deployment, schemas: list[str], pause: float, *, keeps_folder: bool
) -> None:
    """Remove every object of a deployment with a prefix, until a list of them is empty.

    A request of a command that was killed may still have its effect afterwards, so it is listed again.
    """
    failures: list[str] = []
    for attempt in range(_ROUNDS):
        time.sleep(pause if attempt > 1 else 0)
        listed = leftovers.everything(client, deployment.bundle, schemas)
        left = [one for one in listed if not (keeps_folder and one.kind == FOLDER)]
        if not left:
            return
        failures = _failures([one.delete for one in left])
        log.info("deleted %s, which an interrupted command had left", ", ".join(map(str, left)))
    still = ", ".join(map(str, leftovers.everything(client, deployment.bundle, schemas)))
    if still:
        reasons = f" ({'; '.join(failures)})" if failures else ""
        raise ProjectError(f"{still} still exists after the deployment was destroyed{reasons}: delete it")


def _cancel_runs(client: WorkspaceClient, deployment: Deployment, pause: float) -> None:
    ids = {int(job_id) for job_id in deployment.job_ids().values()}
    if deployment.prefix:
        ids |= {int(job.id) for job in jobs(client, deployment.bundle)}
    end = time.monotonic() + _SECONDS
    while active := [run for job_id in sorted(ids) for run in _active_runs(client, job_id)]:
        for run_id in active:  # again each time, because a job may have started another one meanwhile
            client.jobs.cancel_run(run_id)
        if time.monotonic() > end:
            raise ProjectError(f"{len(active)} runs do not end, such as run {active[0]}: cancel them by hand")
        time.sleep(pause)


def _active_runs(client: WorkspaceClient, job_id: int) -> list[int]:
    return [run.run_id for run in client.jobs.list_runs(job_id=job_id, active_only=True) if run.run_id]


def _delete_endpoints(client: WorkspaceClient, schemas: list[str]) -> None:
    """Delete the serving endpoints of models in these schemas, before the models themselves."""
    for endpoint in leftovers.endpoints(client, schemas):
        endpoint.delete()
        log.info("deleted the %s", endpoint)


def _delete_snapshots(client: WorkspaceClient, deployment: Deployment) -> None:
    for name in snapshot_schemas(deployment):
        try:
            client.schemas.delete(name, force=True)
        except NotFound:
            continue
        log.info("deleted the schema %s", name)


def _require_gone(client: WorkspaceClient, schemas: Sequence[str]) -> None:
    left = [name for name in schemas if _exists(client, name)]
    if left:
        raise ProjectError(f"schema {' and '.join(left)} still exists after the deployment was destroyed: delete it")


def _exists(client: WorkspaceClient, schema: str) -> bool:
    try:
        client.schemas.get(schema)
    except NotFound:
        return False
    return True
