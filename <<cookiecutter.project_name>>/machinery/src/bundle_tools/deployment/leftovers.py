"""What an interrupted deployment made and the CLI does not know: its state is written last, or not at all.

Such objects are recognised by what the CLI writes into each of them: a job names the file of its deployment
(bundle/deploy/metadata/annotate_jobs.go), alerts and dashboards are in its folder `resources`
(bundle/config/mutator/resourcemutator/resource_mutator.go), and the names of all others are the deployment's own.
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


def declared(client: WorkspaceClient, bundle: Bundle, schemas: list[str]) -> Iterator[Leftover]:
    """Yield the objects that the bundle declares and that exist.

    Args:
        client: A client for the workspace.
        bundle: The bundle, for the target and with the prefix of the deployment.
        schemas: The full names of the schemas that belong to the deployment alone.
    """
    yield from _without_contents(client, bundle, schemas)
    yield from _in_schemas(client, bundle)


def everything(client: WorkspaceClient, bundle: Bundle, schemas: list[str]) -> Iterator[Leftover]:
    """Yield every object of a deployment with a prefix; what is in a schema goes with it."""
    yield from endpoints(client, schemas)
    yield from _without_contents(client, bundle, schemas)
    yield from _folder(client, bundle)


def _without_contents(client: WorkspaceClient, bundle: Bundle, schemas: list[str]) -> Iterator[Leftover]:
    yield from jobs(client, bundle)
    yield from alerts(client, bundle)
    yield from dashboards(client, bundle)
    yield from _experiments(client, bundle)
    yield from _schemas(client, schemas)


def _in_schemas(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
    """Yield the volumes and registered models."""
    kinds: dict[str, tuple[Callable[[str], object], Callable[[str], object], str]] = {
        "volumes": (client.volumes.read, client.volumes.delete, "volumes"),
        "registered_models": (client.registered_models.get, client.registered_models.delete, "registered-models"),
    }
    for kind, (read, delete, command) in kinds.items():
        for resource in (bundle.config["resources"].get(kind) or {}).values():
            name = ".".join(str(resource.get(part)) for part in ("catalog_name", "schema_name", "name"))
            try:
                read(name)
            except NotFound:
                continue
            yield Leftover(kind, name, name, partial(delete, name), f"databricks {command} delete {name}")


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
    """Yield all alerts; some versions of the SDK read them from `results` of the answer, others from `alerts`."""
    query: dict[str, str] = {}
    while True:
        page = client.api_client.do("GET", "/api/2.0/alerts", query=query)
        if not isinstance(page, dict):
            return
        for alert in page.get("alerts") or page.get("results") or []:
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


def endpoints(client: WorkspaceClient, schemas: list[str]) -> Iterator[Leftover]:
    """Yield the endpoints of models in these schemas; tasks create them, not the bundle.

    One whose creation has not ended has no configuration yet; its name starts with the schema's.
    """
    models = tuple(f"{schema}." for schema in schemas)
    starts = tuple(f"{schema.partition('.')[2]}-" for schema in schemas)
    for endpoint in client.serving_endpoints.list():
        served = (endpoint.config.served_entities if endpoint.config else None) or []
        names = [entity.entity_name or "" for entity in served]
        is_own = any(name.startswith(models) for name in names)
        if endpoint.name and (is_own or (not names and endpoint.name.startswith(starts))):
            name = endpoint.name
            yield Leftover(
                "serving endpoint",
                name,
                name,
                partial(client.serving_endpoints.delete, name),
                f"databricks serving-endpoints delete {name}",
            )


def _experiments(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
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


def _schemas(client: WorkspaceClient, schemas: list[str]) -> Iterator[Leftover]:
    for name in schemas:
        try:
            client.schemas.get(name)
        except NotFound:
            continue
        yield Leftover(
            "schemas",
            name,
            name,
            partial(client.schemas.delete, name, force=True),
            f"databricks schemas delete {name} --force",
        )


def _folder(client: WorkspaceClient, bundle: Bundle) -> Iterator[Leftover]:
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
