"""Deployments and rollbacks, with a CLI that remembers what it has deployed."""

import json

import pytest

from bundle_tools import cli

from fake_workspace import UNITY, error

from .conftest import Place, World

ALIAS = f"{UNITY}/models/prod.taxi.fare/aliases/Champion"
RUN = "/api/2.2/jobs/run-now"
VOLUME = "    artifacts: {catalog_name"
GUARDED = "    artifacts: {lifecycle: {prevent_destroy: true}, catalog_name"


def deploy(place: Place, *words: str, target: str = "prod") -> int:
    return cli.run(["deploy", target, "--root", str(place.root), *words])


def commits_of_jobs(world: World) -> set[str]:
    return {job["tags"]["git_commit"] for job in world.cli.objects["jobs"].values() if "tags" in job}


def lock(world: World, target: str = "prod") -> str:
    """Somebody deploys to a target."""
    path = f"/Workspace/Users/sp/.bundle/taxi/{target}/state/deploy.lock"
    world.cli.files[path] = json.dumps({"User": "eve", "AcquisitionTime": "2026-11-30T10:00:00Z"}).encode()
    return path


@pytest.mark.parametrize("refusal", ["branch", "build", "lock", "dirty", "unreviewed", "no git"])
def test_a_refused_deployment_changes_nothing(world: World, capsys: pytest.CaptureFixture[str], refusal: str) -> None:
    assert deploy(world) == 0
    job = next(iter(world.cli.objects["jobs"].values()))
    job["max_concurrent_runs"] = 7  # a colleague's hotfix
    world.edit("tasks: []", "tasks: [], max_concurrent_runs: 2")
    if refusal in {"branch", "build"}:
        world.cli.refusal = refusal
    if refusal == "lock":
        lock(world)
    if refusal == "no git":
        (world.root / ".git").rename(world.tools / "git")
    elif refusal == "unreviewed":
        world.commit()
    elif refusal != "dirty":
        world.release()
    before, files, writes = json.dumps(world.cli.objects), dict(world.cli.files), world.cli.writes
    assert deploy(world) == 1
    assert (json.dumps(world.cli.objects), world.cli.files, world.cli.writes) == (before, files, writes)
    assert world.verbs() == ["deploy"]
    message = capsys.readouterr().err
    expected = {
        "branch": "it has changed nothing",
        "build": "it has changed nothing",
        "lock": "eve since 2026-11-30T10:00:00Z",
        "dirty": "databricks.yml: commit and merge",
        "unreviewed": "is not in origin/release",
        "no git": "is not in a git repository",
    }
    assert expected[refusal] in message


def test_a_lock_is_told_and_forced_on_demand(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    lock(world)
    assert deploy(world) == 1
    assert "minutes ago) holds the lock of the deployment in prod" in capsys.readouterr().err
    assert deploy(world, "--force-lock") == 0
    assert "--force-lock" in world.cli.calls[-1]
    assert deploy(world) == 0
    assert "--force-lock" not in world.cli.calls[-1]


def test_a_deployment_that_fails_restores_what_it_has_changed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(world) == 0
    previous, before = world.git("rev-parse", "HEAD"), json.dumps(world.cli.objects)
    wheels = [path for path in world.cli.files if path.endswith(".whl")]
    world.edit("tasks: []", "tasks: [], max_concurrent_runs: 2")
    world.edit("    drift:", "    extra: {display_name: extra, query_text: SELECT 2}\n    drift:")
    world.edit("    monitoring:", "    second: {display_name: second, file_path: second.lvdash.json}\n    monitoring:")
    world.release()
    # The platform refuses this job, so the deployment does not touch it; nor does the restoration.
    refused = next(job for job in world.cli.objects["jobs"].values() if job["name"] == "snapshot")
    refused["max_concurrent_runs"] = 7
    world.cli.refusal = "resources.jobs.snapshot"
    assert deploy(world) == 1
    assert f"what it had changed is restored from the previous commit {previous}" in capsys.readouterr().err
    assert refused.pop("max_concurrent_runs") == 7
    assert json.dumps(world.cli.objects) == before
    assert [path for path in world.cli.files if path.endswith(".whl")] == wheels
    assert commits_of_jobs(world) == {previous}


def test_it_says_if_there_is_nothing_to_restore(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.cli.refusal = "resources.jobs.snapshot"
    assert deploy(world) == 1
    assert "there is no previous deployment to restore" in capsys.readouterr().err


def test_the_same_commit_is_not_restored_from_itself(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(world) == 0
    next(iter(world.cli.objects["jobs"].values()))["max_concurrent_runs"] = 7
    world.cli.refusal = "resources.jobs.lifecycle"
    assert deploy(world) == 1
    assert "the same commit" in capsys.readouterr().err
    assert world.verbs() == ["deploy", "deploy"]


def test_it_says_if_the_previous_commit_is_unknown(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(world) == 0
    unknown = {"config": {"bundle": {"git": {"commit": "f" * 40}}}}
    world.cli.files["/Workspace/Users/sp/.bundle/taxi/prod/state/metadata.json"] = json.dumps(unknown).encode()
    world.edit("tasks: []", "tasks: [], max_concurrent_runs: 2")
    world.release()
    world.cli.refusal = "resources.jobs.lifecycle"
    assert deploy(world) == 1
    assert f"restoring commit {'f' * 40} failed as well" in capsys.readouterr().err


def test_staging_is_not_restored(world: World) -> None:
    world.cli.refusal = "build"
    assert deploy(world, target="staging") == 1
    assert world.verbs() == ["deploy"]


def test_a_rollback_removes_what_the_release_has_added_and_keeps_what_is_guarded(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    old = world.git("rev-parse", "HEAD")
    volume = '    models: {lifecycle: {prevent_destroy: true}, catalog_name: "${var.catalog}", name: models}\n'
    world.edit("  volumes:\n", f"  volumes:\n{volume}")
    world.edit("    drift:", "    extra: {display_name: extra, query_text: SELECT 2}\n    drift:")
    world.edit("    monitoring:", "    second: {display_name: second, file_path: second.lvdash.json}\n    monitoring:")
    world.edit("  jobs:\n", "  jobs:\n    third: {name: third, tasks: []}\n")
    world.release()
    assert deploy(world) == 0
    assert cli.run(["plan", "prod", "--root", str(world.root), "--commit", "HEAD~1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Plan for prod: 3 to delete, 0 to recreate, 0 to add, 0 to change; 0 only get a new")
    assert [line.split()[-1] for line in said[1:4]] == ["alerts.extra", "dashboards.second", "jobs.third"]
    assert "  keep      volumes.models, which the earlier commit does not have" in said
    assert deploy(world, "--commit", "HEAD~1") == 0
    assert commits_of_jobs(world) == {old}
    assert {one["name"] for one in world.cli.objects["volumes"].values()} == {"artifacts", "models"}
    left = {one.get("display_name") for kind in ("alerts", "dashboards") for one in world.cli.objects[kind].values()}
    assert left == {"taxi-drift", "taxi-monitoring"}


def test_a_release_without_a_guarded_resource_is_refused_until_its_guard_is_released(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.edit(VOLUME, GUARDED)
    world.release()
    assert deploy(world) == 0
    text = (world.root / "databricks.yml").read_text()
    start = text.index("  volumes:")
    (world.root / "databricks.yml").write_text(text[:start] + text[text.index("  alerts:") :])
    world.release()
    for words in (["plan"], ["deploy"]):
        assert cli.run([*words, "prod", "--root", str(world.root)]) == 1
        assert "would delete or recreate resources.volumes.artifacts" in capsys.readouterr().err
    assert len(world.cli.objects["volumes"]) == 1
    (world.root / "databricks.yml").write_text(text.replace(GUARDED, VOLUME))
    world.release()
    assert deploy(world) == 0
    (world.root / "databricks.yml").write_text(text[:start] + text[text.index("  alerts:") :])
    world.release()
    assert deploy(world) == 0
    assert world.cli.objects["volumes"] == {}


def test_data_are_not_deleted_if_nobody_knows_what_is_guarded(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy(world) == 0
    unknown = {"config": {"bundle": {"git": {"commit": "f" * 40}}}}
    world.cli.files["/Workspace/Users/sp/.bundle/taxi/prod/state/metadata.json"] = json.dumps(unknown).encode()
    text = (world.root / "databricks.yml").read_text()
    (world.root / "databricks.yml").write_text(text[: text.index("  volumes:")] + text[text.index("  alerts:") :])
    world.release()
    assert deploy(world) == 1
    assert "would delete or recreate resources.volumes.artifacts" in capsys.readouterr().err


def test_head_is_deployed_like_no_commit(world: World) -> None:
    assert deploy(world, "--commit", "HEAD") == 0
    assert commits_of_jobs(world) == {world.git("rev-parse", "HEAD")}


@pytest.mark.parametrize("commit", ["nowhere", "--all", "other"])
def test_a_commit_outside_the_branch_is_refused(world: World, capsys: pytest.CaptureFixture[str], commit: str) -> None:
    world.git("checkout", "--quiet", "--orphan", "other")
    (world.root / "other.txt").touch()
    world.commit()
    world.git("checkout", "--quiet", "release")
    assert deploy(world, f"--commit={commit}") == 1
    assert f"commit {commit} is not in the history of this branch" in capsys.readouterr().err
    assert world.cli.calls == []


def test_the_first_run_starts_only_while_there_is_no_champion(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.workspace.routes["GET", ALIAS] = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
    world.workspace.routes["POST", RUN] = {"run_id": 77}
    assert deploy(world, "--first-run", "lifecycle") == 0
    assert "started lifecycle, run 77" in capsys.readouterr().out
    world.workspace.routes["GET", ALIAS] = {"version": 3}
    assert deploy(world, "--first-run", "lifecycle") == 0
    assert len(world.workspace.asked(RUN)) == 1


def test_an_unknown_first_run_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.workspace.routes["GET", ALIAS] = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
    assert deploy(world, "--first-run", "lifecircle") == 1
    assert "FIRST_RUN names the job lifecircle, which is not deployed: name one of" in capsys.readouterr().err
