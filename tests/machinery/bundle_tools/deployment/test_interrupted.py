"""Commands that are killed after each of their writes, and the command that comes next."""

from collections import Counter

import pytest

from bundle_tools import cli
from bundle_tools.deployment.deployment import open_deployment
from bundle_tools.deployment.destroy import destroy
from bundle_tools.deployment.sweep import sweep
from mlops.errors import ProjectError

from .conftest import World

WRITES = 14  # of a first deployment to staging or production: the last one removes the lock
PREFIX = ["--var", "name_prefix=pr12_", "--var", "snapshot_catalog=staging"]


def kill(world: World, verb: str, after: int, target: str = "staging") -> None:
    """The whole process group is killed, so nothing of ours runs after the CLI."""
    world.cli.writes, world.cli.kill_after = 0, after
    prefix = PREFIX if target == "staging" else []
    code, _, _ = world.cli.run(["bundle", verb, "--auto-approve", "--target", target, *prefix], world.root)
    assert code == 137
    world.cli.kill_after = 0


def run(world: World, *words: str) -> int:
    return cli.run([*words, "--root", str(world.root)])


@pytest.mark.parametrize("after", range(1, WRITES + 1))
@pytest.mark.parametrize("command", ["destroy", "sweep", "deploy"])
def test_nothing_is_left_of_a_prefix_wherever_its_deployment_was_killed(world: World, command: str, after: int) -> None:
    kill(world, "deploy", after)
    assert world.workspace.names("pr12_")
    if command == "sweep":
        sweep(world.root, "staging", hours=0)
    elif command == "destroy":
        destroy(open_deployment(world.root, "staging", "pr12_"), pause=0)
    else:  # the next commit of the pull request: everything exists once, and is removed in the end
        assert run(world, "deploy", "staging", "--prefix", "pr12_") == 0
        assert set(Counter(world.workspace.names("pr12_")).values()) == {1}
        destroy(open_deployment(world.root, "staging", "pr12_"), pause=0)
    assert world.workspace.names("pr12_") == []


@pytest.mark.parametrize("after", range(1, 10))
def test_nothing_is_left_of_a_prefix_wherever_its_destruction_was_killed(world: World, after: int) -> None:
    assert run(world, "deploy", "staging", "--prefix", "pr12_") == 0
    kill(world, "destroy", after)
    destroy(open_deployment(world.root, "staging", "pr12_"), pause=0)
    assert world.workspace.names("pr12_") == []


def test_other_deployments_are_left_alone(world: World) -> None:
    for prefix in ([], ["--prefix", "pr1_"]):
        assert run(world, "deploy", "staging", *prefix) == 0
    before = world.workspace.names("")
    kill(world, "deploy", WRITES - 3)
    destroy(open_deployment(world.root, "staging", "pr12_"), pause=0)
    assert world.workspace.names("") == before


def test_sweep_finds_what_is_left_without_a_folder(world: World) -> None:
    kill(world, "deploy", WRITES - 3)
    world.cli.files.clear()
    sweep(world.root, "staging", hours=0)
    assert world.workspace.names("pr12_") == []


@pytest.mark.parametrize("after", range(1, WRITES + 1))
def test_production_is_never_made_twice(world: World, capsys: pytest.CaptureFixture[str], after: int) -> None:
    kill(world, "deploy", after, "prod")
    jobs = len(world.cli.objects["jobs"])
    assert run(world, "deploy", "prod") == (1 if after < WRITES else 0)  # the last write removed the lock
    if after < WRITES:
        assert "holds the lock of the deployment in prod" in capsys.readouterr().err
    if run(world, "deploy", "prod", "--force-lock"):
        said = capsys.readouterr()
        assert "which this one would make a second time" in said.err
        for kind in ("jobs", "alerts", "dashboards"):
            for number, one in world.cli.objects[kind].items():
                assert f"{kind} {one.get('name') or one['display_name']} ({number})" in said.out
        assert "bundle deployment bind ml prod.taxi --target prod --auto-approve --force-lock" in said.out
        assert (
            ("bundle deployment bind lifecycle " in said.out) is ("databricks jobs delete " in said.out) is (jobs > 0)
        )
        assert ("bind artifacts prod.taxi.artifacts " in said.out) is bool(world.cli.objects["volumes"])
        assert "schemas delete" not in said.out
        assert "volumes delete" not in said.out
    for kind, objects in world.cli.objects.items():
        names = [one.get("name") or one.get("display_name") for one in objects.values()]
        assert len(names) == len(set(names)), kind


def test_what_is_left_although_it_was_deleted_is_a_failure(world: World) -> None:
    kill(world, "deploy", WRITES - 3)
    handlers = world.workspace.handlers
    handlers.insert(0, ("POST", "/api/2.2/jobs/delete", lambda _: {}))
    with pytest.raises(ProjectError, match=r"jobs pr12_lifecycle \(\d+\), .* still exists after"):
        destroy(open_deployment(world.root, "staging", "pr12_"), pause=0)


@pytest.mark.parametrize("hours", ["nan", "inf", "-1"])
def test_hours_are_a_number(world: World, capsys: pytest.CaptureFixture[str], hours: str) -> None:
    assert run(world, "sweep", "staging", f"--hours={hours}") == 1
    assert "give a number of hours from 0 on" in capsys.readouterr().err
