"""The workspace of the stateful CLI as the SDK sees it.

Paths and answers are those of the SDK's services (jobs, sql.AlertsV2API, dashboards.LakeviewAPI, ml.ExperimentsAPI,
catalog.SchemasAPI, serving, workspace) and of the documentation at https://docs.databricks.com/api/workspace.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fake_workspace import SCIM, UNITY, FakeWorkspace, Request, error, person

from .fake_cli import FakeCli

GONE = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
# libs/testserver of the CLI lists alerts in the trash, too.
FOLDER = "/Workspace/Users/sp/.bundle/taxi/pr12_staging/resources"
TRASHED = {"id": "0", "display_name": "old", "parent_path": FOLDER, "lifecycle_state": "DELETED"}
WORKSPACE = "/api/2.0/workspace"


class FakeDeployments(FakeWorkspace):
    """A workspace with files, jobs, alerts, dashboards, experiments, schemas and endpoints.

    Attributes:
        cli: The CLI that works in it.
        endpoints: Serving endpoints by name, with the model that each serves.
    """

    def __init__(self, principal: str) -> None:
        super().__init__({("GET", f"{SCIM}/Me"): person(principal), ("GET", "/api/2.2/jobs/runs/list"): {}})
        self.cli = FakeCli()
        self.endpoints: dict[str, str] = {}
        self.handlers: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", "/cli", self._cli),
            ("GET", f"{WORKSPACE}/export", lambda request: self.cli.files.get(request.query["path"], GONE)),
            ("GET", f"{WORKSPACE}/list", self._list_folder),
            ("GET", f"{WORKSPACE}/get-status", self._status),
            ("POST", f"{WORKSPACE}/delete", self._delete_folder),
            ("GET", "/api/2.2/jobs/list", self._jobs),
            ("GET", "/api/2.2/jobs/get", self._job),
            ("POST", "/api/2.2/jobs/delete", lambda request: self._drop("jobs", str(request.body["job_id"]))),
            ("GET", "/api/2.0/alerts", lambda _: {"alerts": [*self._listed("alerts", "id"), TRASHED]}),
            ("DELETE", r"/api/2.0/alerts/(\d+)", lambda _, key: self._drop("alerts", key)),
            ("GET", "/api/2.0/lakeview/dashboards", self._dashboards),
            (
                "GET",
                r"/api/2.0/lakeview/dashboards/(\d+)",
                lambda _, key: self.cli.objects["dashboards"].get(key, GONE),
            ),
            ("DELETE", r"/api/2.0/lakeview/dashboards/(\d+)", lambda _, key: self._drop("dashboards", key)),
            ("GET", "/api/2.0/mlflow/experiments/get-by-name", self._experiment),
            (
                "POST",
                "/api/2.0/mlflow/experiments/delete",
                lambda request: self._drop("experiments", request.body["experiment_id"]),
            ),
            ("GET", rf"{UNITY}/(volumes|models)/([^/]+)", self._in_schema),
            ("GET", f"{UNITY}/schemas", self._schemas),
            ("GET", rf"{UNITY}/schemas/(.+)", lambda _, name: {"name": name} if self._schema(name) else GONE),
            ("DELETE", rf"{UNITY}/schemas/(.+)", self._delete_schema),
            ("GET", "/api/2.0/serving-endpoints", self._endpoints),
            ("DELETE", r"/api/2.0/serving-endpoints/(.+)", self._delete_endpoint),
        ]

    def answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        """Return the answer of the first handler for the request, or else that of the routes."""
        for method, pattern, handler in self.handlers:
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                self.routes[request.method, request.path] = handler(request, *match.groups())
                break
        return super().answer(request)

    def names(self, start: str) -> list[str]:
        """Return what exists whose name starts so, by kind and name, and files below a folder with such a name."""
        objects = [
            f"{kind} {one.get('name') or one.get('display_name')}"
            for kind, all_ in self.cli.objects.items()
            for one in all_.values()
        ]
        objects += [f"endpoint {name}" for name in self.endpoints]
        objects += [f"file {path}" for path in self.cli.files]
        return sorted(name for name in objects if re.search(rf"[ /]{start}", name))

    def _cli(self, request: Request) -> dict[str, Any]:
        code, out, err = self.cli.run(request.body["argv"], Path(request.body["cwd"]))
        return {"code": code, "out": out, "err": err}

    def _drop(self, kind: str, key: str) -> object:
        return {} if self.cli.objects[kind].pop(key, None) is not None else GONE

    def _listed(self, kind: str, key: str) -> list[dict[str, Any]]:
        return [{key: number, **one} for number, one in self.cli.objects[kind].items()]

    def _jobs(self, _: Request) -> dict[str, Any]:
        jobs = self.cli.objects["jobs"].items()
        return {"jobs": [{"job_id": int(key), "created_time": 1, "settings": one} for key, one in jobs]}

    def _job(self, request: Request) -> object:
        settings = self.cli.objects["jobs"].get(request.query["job_id"])
        return {"job_id": int(request.query["job_id"]), "settings": settings} if settings else GONE

    def _dashboards(self, _: Request) -> dict[str, Any]:
        """The list does not say in which folder they are."""
        listed = self._listed("dashboards", "dashboard_id")
        return {"dashboards": [{name: one[name] for name in ("dashboard_id", "display_name")} for one in listed]}

    def _experiment(self, request: Request) -> object:
        for key, one in self.cli.objects["experiments"].items():
            if one["name"] == request.query["experiment_name"]:
                return {"experiment": {"experiment_id": key, "name": one["name"], "lifecycle_stage": "active"}}
        return GONE

    def _schema(self, name: str) -> str:
        schemas = self.cli.objects["schemas"].items()
        return next((key for key, one in schemas if f"{one['catalog_name']}.{one['name']}" == name), "")

    def _in_schema(self, _: Request, kind: str, name: str) -> object:
        return {"name": name} if kind == "volumes" and name in self.cli.objects["volumes"] else GONE

    def _schemas(self, request: Request) -> dict[str, Any]:
        catalog = request.query["catalog_name"]
        schemas = [one for one in self.cli.objects["schemas"].values() if one["catalog_name"] == catalog]
        return {"schemas": [{"name": one["name"], "created_at": 1} for one in schemas]}

    def _delete_schema(self, _: Request, name: str) -> object:
        """With force, what is in the schema goes with it."""
        volumes = self.cli.objects["volumes"].items()
        for key in [key for key, one in volumes if f"{one['catalog_name']}.{one['schema_name']}" == name]:
            self._drop("volumes", key)
        return self._drop("schemas", self._schema(name))

    def _endpoints(self, _: Request) -> dict[str, Any]:
        listed = [
            {"name": name, "config": {"served_entities": [{"entity_name": model}]}}
            for name, model in self.endpoints.items()
        ]
        return {"endpoints": listed}

    def _delete_endpoint(self, _: Request, name: str) -> dict[str, Any]:
        del self.endpoints[name]
        return {}

    def _list_folder(self, request: Request) -> object:
        start = f"{request.query['path']}/"
        below = [path.removeprefix(start).partition("/") for path in self.cli.files if path.startswith(start)]
        kinds = {name: "DIRECTORY" if slash else "FILE" for name, slash, _ in below}
        listed = [{"path": f"{start}{name}", "object_type": kind, "modified_at": 1} for name, kind in kinds.items()]
        return {"objects": listed} if listed else GONE

    def _status(self, request: Request) -> object:
        start = f"{request.query['path']}/"
        return {"path": request.query["path"]} if any(path.startswith(start) for path in self.cli.files) else GONE

    def _delete_folder(self, request: Request) -> dict[str, Any]:
        start = f"{request.body['path']}/"
        self.cli.files = {path: content for path, content in self.cli.files.items() if not path.startswith(start)}
        return {}
