"""Every job of every platform runs here: pull requests that pass, fail and are cancelled, main, nights, a release."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bundle_tools.bundle.load import load
from ci_jobs import FOLDERS
from ci_runner import Machine, checkout, deployed

from baking import Bake, Project
from fake_jobs import FakeJobs
from fake_workspace import FakeWorkspace

pytestmark = pytest.mark.xdist_group("test_ci_run")  # its scenes are played once, for all tests

SCENES = ("passes", "fails", "is cancelled", "main", "nightly", "release")
STAGING, PROD = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"
VARIABLES = "--var name_prefix=pr12_ --var snapshot_catalog=staging"
DEPLOY = f"bundle deploy --auto-approve --target staging {VARIABLES}"
# It also works after the warehouse is gone, so nothing is looked up.
DESTROY = f"bundle destroy --auto-approve --target staging --var warehouse_id=not-looked-up {VARIABLES}"


@dataclass(frozen=True)
class Scene:
    """What happened: the machine with its calls, and what the workspace was asked."""

    machine: Machine
    workspace: FakeWorkspace
    jobs: FakeJobs


def routes(target: str, principal: str) -> dict[tuple[str, str], Any]:
    """A workspace in which the doctor finds nothing missing, nothing is deployed, and logins are exchanged."""
    unity, scim = "/api/2.1/unity-catalog", "/api/2.0/preview/scim/v2"
    none = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})
    gone = (404, {"error_code": "SCHEMA_DOES_NOT_EXIST", "message": "none"})
    all_of_it = {"privilege_assignments": [{"principal": principal, "privileges": [{"privilege": "ALL_PRIVILEGES"}]}]}

    def listed(request: Any) -> dict[str, Any]:  # noqa: ANN401 - a class of the generated project
        name = request.query["filter"].partition(' eq "')[2].rstrip('"')
        entry = {"id": "1", "displayName": name, "applicationId": name}
        return {"Resources": [entry] if request.query["startIndex"] == "1" else []}

    held = [{"value": name} for name in ("workspace-access", "databricks-sql-access", "allow-cluster-create")]
    found: dict[tuple[str, str], Any] = {
        ("GET", "/oidc/.well-known/oauth-authorization-server"): lambda request: {
            "authorization_endpoint": f"http://{request.headers['host']}/oidc/authorize",
            "token_endpoint": f"http://{request.headers['host']}/oidc/v1/token",
        },
        ("POST", "/oidc/v1/token"): {"access_token": "access", "token_type": "Bearer", "expires_in": 3600},
        ("GET", "/github-oidc"): lambda request: {"value": f"id-of-{request.query['audience']}"},
        ("POST", "/azure-oidc"): lambda request: {"oidcToken": f"id-of-{request.query['serviceConnectionId']}"},
        ("GET", f"{scim}/Me"): {"id": "1", "userName": principal, "groups": [], "entitlements": held},
        ("GET", f"{scim}/Groups"): listed,
        ("GET", f"{scim}/ServicePrincipals"): listed,
        ("GET", "/api/2.0/preview/accounts/access-control/rule-sets"): {
            "name": "x",
            "etag": "x",
            "grant_rules": [{"role": "roles/servicePrincipal.user", "principals": [f"servicePrincipals/{principal}"]}],
        },
        ("GET", f"{unity}/current-metastore-assignment"): {"metastore_id": "m1", "workspace_id": 1},
        ("GET", f"{unity}/tables/samples.nyctaxi.trips"): {"name": "trips"},
        # Reading who may use a warehouse is left to administrators.
        ("GET", "/api/2.0/permissions/warehouses/w1"): (403, {"error_code": "PERMISSION_DENIED", "message": "no"}),
        ("GET", "/api/2.0/workspace/export"): (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}),
        ("GET", f"{unity}/schemas/dev.nyc_taxi_snapshot"): gone,
        ("GET", "/api/2.0/serving-endpoints"): {},
        ("GET", "/api/2.2/jobs/list"): {},
        ("GET", "/api/2.0/alerts"): {},
        ("GET", "/api/2.0/lakeview/dashboards"): {},
        ("GET", f"{unity}/schemas"): {},
        ("GET", "/api/2.0/mlflow/experiments/get-by-name"): none,
        ("GET", "/api/2.0/workspace/get-status"): none,
        ("GET", "/api/2.0/workspace/list"): lambda request: {
            "objects": [{"path": f"{request.query['path']}/pr12_staging", "object_type": "DIRECTORY"}]
            if request.query["path"].endswith("/nyc-taxi")
            else []
        },
    }
    for catalog in (target, "dev"):
        found["GET", f"{unity}/catalogs/{catalog}"] = {"name": catalog, "owner": "platform"}
        found["GET", f"{unity}/effective-permissions/CATALOG/{catalog}"] = all_of_it
    for name in ("nyc_taxi", "pr12_nyc_taxi", "pr12_nyc_taxi_snapshot"):
        found["GET", f"{unity}/schemas/{target}.{name}"] = gone
        found["DELETE", f"{unity}/schemas/{target}.{name}"] = gone
        found["GET", f"{unity}/volumes/{target}.{name}.artifacts"] = none
        found["GET", f"{unity}/models/{target}.{name}.fare"] = none
    return found


@pytest.fixture(scope="module")
def scenes(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Scene]:
    """Every scene on every platform; as many at once as there are processors, because each starts many processes."""
    todo = [(platform, scene) for platform in FOLDERS for scene in SCENES]
    projects = {platform: bake(cicd_platform=platform) for platform in FOLDERS}
    folder = tmp_path_factory.mktemp("ci")
    for part in ("src", "machinery"):  # the same for every platform
        shutil.copytree(next(iter(projects.values())).path / part, folder / part)

    def played(one: tuple[str, str]) -> Scene:
        platform, scene = one
        return play(projects[platform], folder / platform / scene.replace(" ", "_"), platform, scene)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(todo, pool.map(played, todo), strict=True))


def play(project: Project, folder: Path, platform: str, scene: str) -> Scene:
    target = "prod" if scene == "release" else "staging"
    folder.mkdir(parents=True)
    with FakeWorkspace(routes(target, PROD if target == "prod" else STAGING)) as workspace:
        path, tools = checkout(project.path, folder, workspace.url)
        prefix = {"name_prefix": "pr12_", "snapshot_catalog": "staging"} if target == "staging" else {}
        values = {"{{tasks.train.values.model_version}}": "7", "{{tasks.train.values.run_id}}": "r7"}
        rows = {"first_version": "7", "last_version": "7"}
        jobs = FakeJobs(workspace, load(path, target, prefix, environ={}).jobs, values, rows=rows)
        jobs.registered("staging.pr12_nyc_taxi.fare", "7", "rmse")
        deployed(tools, jobs.ids if target == "staging" else {})
        source = os.pathsep.join(str(folder.parents[1] / part) for part in ("src", "machinery/src"))
        machine = Machine(path, platform, tools, workspace.url, source=source)
        if scene == "fails" and platform == "github_actions":
            jobs.failing.add("validate")
        elif scene == "fails":
            (tools / "fail-deploy").touch()
        if scene == "is cancelled":
            jobs.endless.add("lifecycle")
            machine.stop_at = "integration"
            machine.is_time = lambda: any(key == "lifecycle" for key, _ in list(jobs.started))
        events = {"main": "main", "nightly": "nightly", "release": "release"}
        # At night the other jobs are those of a pull request.
        machine.run(events.get(scene, "pull_request"), only="sweep" if scene == "nightly" else "")
    return Scene(machine, workspace, jobs)


@pytest.fixture(params=list(FOLDERS))
def scene(request: pytest.FixtureRequest, scenes: dict[tuple[str, str], Scene]) -> Callable[[str], Scene]:
    return lambda name: scenes[request.param, name]


def bundle_calls(machine: Machine) -> list[str]:
    """The calls of the CLI that change or check a deployment."""
    return [call for call in machine.calls() if call.startswith("bundle") and not call.startswith("bundle summary")]


def test_a_pull_request_passes_and_leaves_nothing(scene: Callable[[str], Scene]) -> None:
    found = scene("passes")
    machine = found.machine
    assert set(machine.results.values()) == {"success"}, machine.says
    made = bundle_calls(machine)
    assert made[:2] == [f"bundle validate --strict --target staging {VARIABLES}", DEPLOY]
    assert set(made[2:]) == {DESTROY}
    assert [key for key, _ in found.jobs.started] == ["probe", "snapshot", "lifecycle", "batch_inference"]
    assert machine.says.count("## ✅ integration of nyc-taxi") >= 1
    assert found.workspace.unknown == []


def test_the_checks_of_a_pull_request_are_those_of_a_person(scene: Callable[[str], Scene]) -> None:
    machine = scene("passes").machine
    assert machine.calls("ruff") == ["check .", "format --check ."]
    assert len(machine.calls("mypy")) == 1
    assert machine.calls("mlops") == ["check", "run"]
    (measured,) = machine.calls("python")
    assert "--cov" in measured
    assert measured.endswith(" tests/project")


def test_it_logs_in_as_the_principal_of_the_target_with_an_id_token(scene: Callable[[str], Scene]) -> None:
    for name, principal, target in (("passes", STAGING, "staging"), ("release", PROD, "prod")):
        found = scene(name)
        assert {login[1] for login in found.machine.logins()} == {principal}
        exchanged = [str(request.body) for request in found.workspace.asked("/oidc/v1/token")]
        assert exchanged
        assert all(f"id-of-nyc-taxi-{target}" in body and principal in body for body in exchanged)


def test_no_token_is_in_the_log(scene: Callable[[str], Scene]) -> None:
    for name in SCENES:
        said = scene(name).machine.says
        assert [
            secret for secret in ("id-of-", "access-token", "request-token", "github-token") if secret in said
        ] == []


def test_the_summary_is_posted(scenes: dict[tuple[str, str], Scene]) -> None:
    machine = scenes["github_actions", "passes"].machine
    assert machine.calls("gh") == ["pr comment 12 --edit-last --create-if-none --body-file -"]
    assert "##vso[task.uploadsummary]" in scenes["azure_devops", "passes"].machine.says
    for platform in FOLDERS:
        folder = scenes[platform, "passes"].machine.project / "build/integration"
        assert sorted(path.name for path in folder.iterdir()) == ["junit.xml", "summary.md"]


def test_a_failed_integration_fails_and_is_removed(scene: Callable[[str], Scene]) -> None:
    """On GitHub a task fails, elsewhere the deployment itself does, half-way."""
    found = scene("fails")
    machine = found.machine
    assert (machine.results["integration"], machine.results["destroy"]) == ("failure", "success"), machine.says
    assert bundle_calls(machine)[-1] == DESTROY
    if machine.platform == "github_actions":
        assert "lifecycle/training/validate | FAILED" in machine.says
    else:
        assert found.jobs.started == []


def test_a_cancelled_integration_ends_its_run_and_is_removed(scene: Callable[[str], Scene]) -> None:
    found = scene("is cancelled")
    machine = found.machine
    assert (machine.results["integration"], machine.results["destroy"]) == ("cancelled", "success"), machine.says
    (run,) = [run for run in found.jobs.runs.values() if run.get("job") == "lifecycle"]
    assert run["state"]["result_state"] == "CANCELED"
    assert bundle_calls(machine)[-1] == DESTROY


def test_main_is_deployed_to_staging(scene: Callable[[str], Scene]) -> None:
    machine = scene("main").machine
    assert set(machine.results.values()) == {"success"}, machine.says
    validated, deployed_ = "bundle validate --strict --target staging", "bundle deploy --auto-approve --target staging"
    assert bundle_calls(machine) == [validated, deployed_]


def test_nights_remove_what_was_left_behind(scene: Callable[[str], Scene]) -> None:
    machine = scene("nightly").machine
    assert machine.results["sweep"] == "success", machine.says
    assert "removed the deployment pr12_" in machine.says


def test_a_release_shows_the_plan_before_it_deploys(scene: Callable[[str], Scene]) -> None:
    machine = scene("release").machine
    assert set(machine.results.values()) == {"success"}, machine.says
    verbs = [call.removeprefix("bundle ") for call in bundle_calls(machine)]
    assert verbs[:3] == ["validate --strict --target prod", *["plan --output json --target prod"] * 2]
    (deployment,) = verbs[3:]
    assert re.fullmatch(r"deploy --auto-approve --plan \S+/plan\.json --target prod", deployment)
    assert "Plan for prod: 0 to delete, 0 to recreate, 1 to add, 0 to change" in machine.says


def test_the_cli_is_installed_from_a_pinned_commit(scenes: dict[tuple[str, str], Scene]) -> None:
    for platform in ("azure_devops", "gitlab"):
        (address,) = {call.split()[-1] for call in scenes[platform, "passes"].machine.calls("curl")}
        assert address.startswith("https://raw.githubusercontent.com/databricks/setup-cli/6bb7075f")


def test_the_make_targets_of_ci_are_listed_by_make_help(bake: Bake, tmp_path: Path) -> None:
    project = bake().copy_to(tmp_path)
    make = shutil.which("make")
    assert make is not None
    said = subprocess.run([make, "help"], cwd=project.path, capture_output=True, text=True, check=True).stdout
    for target in ("validate", "plan", "deploy", "integration", "comment", "destroy", "sweep", "changes", "ci-files"):
        assert f"make {target} " in said
