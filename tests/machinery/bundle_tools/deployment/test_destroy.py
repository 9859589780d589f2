import json

import pytest

from bundle_tools import cli
from bundle_tools.deployment.deployment import open_deployment
from bundle_tools.deployment.destroy import destroy
from bundle_tools.deployment.sweep import sweep
from mlops.errors import ProjectError

from fake_workspace import Request, error

from .conftest import SCHEMAS, Place

RUNS = "/api/2.2/jobs/runs/list"
CANCEL = "/api/2.2/jobs/runs/cancel"
ENDPOINTS = "/api/2.0/serving-endpoints"
LIST = "/api/2.0/workspace/list"
ROOT = "/Workspace/Users/sp/.bundle/taxi"
DESTROYED = "destroy --auto-approve --target staging --var name_prefix=pr12_ --var snapshot_catalog=staging"


def test_runs_are_cancelled_before_the_bundle_is_destroyed(place: Place) -> None:
    place.deployed(lifecycle=1, snapshot=2)
    active = {"1": [11], "2": []}

    def cancel(request: Request) -> dict[str, str]:
        # The run has started another one, of the other job, before it ended.
        active.update({"1": [], "2": [22]} if request.body["run_id"] == 11 else {"1": [], "2": []})
        assert DESTROYED not in place.calls()
        return {}

    place.workspace.routes["GET", RUNS] = lambda request: {
        "runs": [{"run_id": run} for run in active[request.query["job_id"]]]
    }
    place.workspace.routes["POST", CANCEL] = cancel
    destroy(open_deployment(place.root, "staging", "pr12_"), pause=0)
    assert [request.body["run_id"] for request in place.workspace.asked(CANCEL)] == [11, 22]
    assert place.calls()[-1] == DESTROYED


def test_endpoints_of_the_deployments_models_are_deleted_and_no_others(place: Place) -> None:
    def endpoint(name: str, model: str) -> dict[str, object]:
        return {"name": name, "config": {"served_entities": [{"entity_name": model}]}}

    listed = [endpoint("mine", "staging.pr12_taxi.fare"), endpoint("other", "staging.pr1_taxi.fare"), {"name": "none"}]
    place.workspace.routes["GET", ENDPOINTS] = lambda _: {"endpoints": listed}
    place.workspace.routes["DELETE", f"{ENDPOINTS}/mine"] = lambda _: listed.pop(0) and {}
    destroy(open_deployment(place.root, "staging", "pr12_"))
    assert len(place.workspace.asked(f"{ENDPOINTS}/mine")) == 1


def test_in_development_the_names_are_those_of_the_user_and_the_snapshot_of_the_team_stays(place: Place) -> None:
    schema = {"catalog_name": "dev", "name": "dev_ada_taxi"}
    place.tools.joinpath("summary.json").write_text(json.dumps({"resources": {"schemas": {"ml": schema}}}))
    served = {"name": "mine", "config": {"served_entities": [{"entity_name": "dev.dev_ada_taxi.fare"}]}}
    other = {"name": "other", "config": {"served_entities": [{"entity_name": "dev.dev_eve_taxi.fare"}]}}
    place.workspace.routes["GET", ENDPOINTS] = {"endpoints": [served, other]}
    place.workspace.routes["DELETE", f"{ENDPOINTS}/mine"] = {}
    place.workspace.routes["GET", f"{SCHEMAS}/dev.dev_ada_taxi"] = error(404, "SCHEMA_DOES_NOT_EXIST", "gone")
    destroy(open_deployment(place.root, "dev"))
    assert len(place.workspace.asked(f"{ENDPOINTS}/mine")) == 1
    assert not place.workspace.asked(f"{SCHEMAS}/dev.taxi_snapshot")
    assert len(place.workspace.asked(f"{SCHEMAS}/dev.dev_ada_taxi")) == 1  # whether it is gone


def test_snapshots_of_the_deployment_are_deleted(place: Place) -> None:
    place.workspace.routes["DELETE", f"{SCHEMAS}/staging.pr12_taxi_snapshot"] = {}
    destroy(open_deployment(place.root, "staging", "pr12_"))
    (first, _) = place.workspace.asked(f"{SCHEMAS}/staging.pr12_taxi_snapshot")
    assert (first.method, first.query) == ("DELETE", {"force": "true"})


def test_a_failing_step_does_not_stop_the_others(place: Place) -> None:
    place.workspace.routes["GET", ENDPOINTS] = error(403, "PERMISSION_DENIED", "no endpoints for you")
    with pytest.raises(ProjectError, match="no endpoints for you"):
        destroy(open_deployment(place.root, "staging", "pr12_"))
    assert place.calls()[-1] == DESTROYED


def test_what_is_left_is_a_failure(place: Place) -> None:
    place.workspace.routes["GET", f"{SCHEMAS}/staging.pr12_taxi"] = {"name": "pr12_taxi"}
    place.workspace.routes["DELETE", f"{SCHEMAS}/staging.pr12_taxi"] = error(403, "PERMISSION_DENIED", "not yours")
    with pytest.raises(ProjectError, match=r"schemas staging\.pr12_taxi still exists .* \(not yours"):
        destroy(open_deployment(place.root, "staging", "pr12_"), pause=0)


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_shared_deployments_cannot_be_destroyed(place: Place, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["destroy", target, "--root", str(place.root)]) == 1
    assert f"target {target} is shared" in capsys.readouterr().err
    assert place.calls() == []


def folders(place: Place, **changed_ms: int | None) -> None:
    """The workspace has folders of deployments, with the time of their state; None for no state."""
    listed: dict[str, list[dict[str, object]]] = {ROOT: []}
    for name, time_ms in changed_ms.items():
        listed[ROOT].append({"path": f"{ROOT}/{name}", "object_type": "DIRECTORY"})
        if time_ms is not None:
            file = {"path": f"{ROOT}/{name}/state/resources.json", "object_type": "FILE", "modified_at": time_ms}
            listed[f"{ROOT}/{name}/state"] = [file]

    def objects(request: Request) -> object:
        path = request.query["path"]
        gone = error(404, "RESOURCE_DOES_NOT_EXIST", path)
        return {"objects": listed[path]} if path in listed else gone

    place.workspace.routes["GET", LIST] = objects


def test_old_deployments_of_pull_requests_are_swept_and_nothing_else(place: Place) -> None:
    hour = 3_600_000
    folders(place, staging=0, prod=0, my_staging=0, pr9_staging=9 * hour, nightly_staging=10 * hour, pr12_staging=hour)
    sweep(place.root, "staging", hours=6, now_ms=10 * hour)
    assert [call for call in place.calls() if call.startswith("destroy")] == [DESTROYED]


def test_a_deployment_without_a_state_never_got_far_and_is_swept(place: Place) -> None:
    folders(place, pr12_staging=None)
    sweep(place.root, "staging", hours=6)
    assert place.calls()[-1] == DESTROYED


def test_a_deployment_of_unknown_age_is_left_alone(place: Place) -> None:
    def objects(request: Request) -> object:
        below = {ROOT: "pr12_staging", f"{ROOT}/pr12_staging/state": "resources.json"}[request.query["path"]]
        return {"objects": [{"path": f"{request.query['path']}/{below}"}]}

    place.workspace.routes["GET", LIST] = objects
    sweep(place.root, "staging", hours=0)
    assert place.calls() == []


def test_one_that_cannot_be_removed_does_not_stop_the_others(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    folders(place, pr11_staging=0, pr12_staging=0)
    for name in ("pr11_taxi", "pr11_taxi_snapshot"):
        place.workspace.routes["GET", f"{SCHEMAS}/staging.{name}"] = {"name": name}
        place.workspace.routes["DELETE", f"{SCHEMAS}/staging.{name}"] = {}
    assert cli.run(["sweep", "staging", "--root", str(place.root)]) == 1
    said = capsys.readouterr()
    assert "removed the deployment pr12_" in said.out
    assert "error: pr11_: schemas staging.pr11_taxi" in said.err


def test_nothing_to_sweep_is_said(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.workspace.routes["GET", LIST] = error(404, "RESOURCE_DOES_NOT_EXIST", ROOT)
    assert cli.run(["sweep", "staging", "--root", str(place.root)]) == 0
    assert "no deployment of a pull request is older than 6 hours" in capsys.readouterr().out


def test_only_staging_is_swept(place: Place) -> None:
    with pytest.raises(ProjectError, match="target prod has no deployments of pull requests"):
        sweep(place.root, "prod", hours=6)
