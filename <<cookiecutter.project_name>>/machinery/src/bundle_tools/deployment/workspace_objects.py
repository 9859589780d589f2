"""The objects of a deployment that are in the workspace itself, as it lists them.

Each is recognised by what the CLI writes into it: a job names the file of its deployment
(bundle/deploy/metadata/annotate_jobs.go), and alerts and dashboards are in its folder `resources`
(bundle/config/mutator/resourcemutator/resource_mutator.go).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.jobs import JobSettings
from databricks.sdk.service.sql import AlertV2

from ..bundle.load import Bundle

FOLDER = "folder"
_IN_TRASH = ("DELETED", "TRASHED")  # the SDKs of Go and of Python


@dataclass(frozen=True)
class Leftover:
    """An object in the workspace.

    Attributes:
        kind: The kind of resource, as in the bundle: jobs, alerts.
        id: Its id there.
        name: Its name.
        delete: Removes it.
        command: The command of the Databricks CLI that removes it.
    """

    kind: str
    id: str
    name: str
    delete: Callable[[], object]
    command: str

    def __str__(self) -> str:
        """Return the kind, name and id."""
        return f"{self.kind} {self.name}" + (f" ({self.id})" if self.id != self.name else "")


def jobs(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
    """Yield the jobs of a deployment."""
    path = posixpath.join(str(bundle.config["workspace"]["state_path"]), "metadata.json")
    for job in client.jobs.list():
        if job.job_id and job.settings and metadata_path(job.settings) == plain(path):
            number = job.job_id
            yield Leftover(
                "jobs",
                str(number),
                job.settings.name or "",
                partial(client.jobs.delete, number),
                f"databricks jobs delete {number}",
            )


def metadata_path(settings: JobSettings | None) -> str:
    """Return the file of the deployment that a job belongs to, without /Workspace; empty if it belongs to none."""
    deployment = settings.deployment if settings else None
    return plain(deployment.metadata_file_path) if deployment else ""


def alerts(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
    """Yield the alerts in the folder of a deployment."""
    folder = str(bundle.config["workspace"]["resource_path"])
    for alert in _listed_alerts(client):
        if alert.id and plain(alert.parent_path) == plain(folder):
            key = alert.id
            yield Leftover(
                "alerts",
                key,
                alert.display_name or "",
                partial(client.alerts_v2.trash_alert, key),
                f"databricks alerts-v2 trash-alert {key}",
            )


def _listed_alerts(client: WorkspaceClient) -> Iterator[AlertV2]:
    """Yield all alerts that are not in the trash.

    Some versions of the SDK read them from `results` of the answer, others from `alerts`.
    """
    query: dict[str, str] = {}
    while True:
        page = client.api_client.do("GET", "/api/2.0/alerts", query=query)
        if not isinstance(page, dict):
            return
        for alert in page.get("alerts") or page.get("results") or []:
            if alert.get("lifecycle_state") not in _IN_TRASH:
                yield AlertV2.from_dict(alert)
        if not page.get("next_page_token"):
            return
        query = {"page_token": str(page["next_page_token"])}


def dashboards(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
    """Yield the dashboards in the folder of a deployment; the list of dashboards does not say where they are."""
    folder = str(bundle.config["workspace"]["resource_path"])
    wanted = {str(one.get("display_name")) for one in (bundle.config["resources"].get("dashboards") or {}).values()}
    for dashboard in client.lakeview.list():
        key = dashboard.dashboard_id
        if key and dashboard.display_name in wanted and plain(client.lakeview.get(key).parent_path) == plain(folder):
            yield Leftover(
                "dashboards",
                key,
                dashboard.display_name or "",
                partial(client.lakeview.trash, key),
                f"databricks lakeview trash {key}",
            )


def experiments(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
    """Yield the experiments of a deployment, by their names."""
    for resource in (bundle.config["resources"].get("experiments") or {}).values():
        try:
            experiment = client.experiments.get_by_name(str(resource["name"])).experiment
        except NotFound:
            continue
        if experiment and experiment.experiment_id and experiment.lifecycle_stage != "deleted":
            key = experiment.experiment_id
            yield Leftover(
                "experiments",
                key,
                str(resource["name"]),
                partial(client.experiments.delete_experiment, key),
                f"databricks experiments delete-experiment {key}",
            )


def folder(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
    """Yield the folder of a deployment."""
    path = str(bundle.config["workspace"]["root_path"])
    try:
        client.workspace.get_status(path)
    except NotFound:
        return
    yield Leftover(
        FOLDER,
        path,
        path,
        lambda: client.workspace.delete(path, recursive=True),
        f"databricks workspace delete {path} --recursive",
    )


def plain(path: str | None) -> str:
    """Return the path without the prefix /Workspace, with and without which the platform writes paths."""
    return (path or "").removeprefix("/Workspace").rstrip("/")
