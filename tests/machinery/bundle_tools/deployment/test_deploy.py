import pytest

from bundle_tools import cli

from fake_workspace import UNITY, error

from .conftest import Place

JOB = "/api/2.2/jobs/get"
ALIAS = f"{UNITY}/models/prod.taxi.fare/aliases/Champion"
RUN = "/api/2.2/jobs/run-now"


def deploy(place: Place, *words: str, target: str = "prod") -> int:
    return cli.run(["deploy", target, "--root", str(place.root), *words])


def running(place: Place, commit: str) -> None:
    """The workspace has the jobs of a commit."""
    place.deployed(lifecycle=1)
    place.workspace.routes["GET", JOB] = {"job_id": 1, "settings": {"tags": {"git_commit": commit}}}


def test_a_deployment_that_fails_restores_the_previous_commit(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    previous = place.commit()
    (place.root / "new.txt").touch()
    place.commit()
    running(place, previous)
    place.failing("deploy")
    assert deploy(place) == 1
    assert f"the previous commit {previous} is deployed again" in capsys.readouterr().err
    first, second = [line for line in place.lines() if line.startswith("bundle deploy")]
    assert f"[{place.root}]" in first
    assert f"[{place.root}]" not in second


def test_it_says_if_there_is_nothing_to_restore(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.commit()
    place.failing("deploy")
    assert deploy(place) == 1
    assert "there is no previous deployment to restore" in capsys.readouterr().err


def test_it_says_if_the_previous_commit_is_unknown(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.commit()
    running(place, "f" * 40)
    place.failing("deploy")
    assert deploy(place) == 1
    assert f"restoring commit {'f' * 40} failed as well" in capsys.readouterr().err


def test_staging_is_not_restored(place: Place) -> None:
    place.commit()
    place.failing("deploy")
    assert deploy(place, target="staging") == 1
    assert place.calls() == ["deploy --target staging"]


def test_an_earlier_commit_is_deployed_from_its_own_files_on_the_branch_of_the_target(place: Place) -> None:
    place.commit()
    old = (place.root / "databricks.yml").read_text()
    (place.root / "databricks.yml").write_text(f"{old}\n# newer\n")
    place.commit()
    program = place.tools / "databricks"
    extra = f"cat databricks.yml > {place.tools}/deployed; git branch --show-current > {place.tools}/branch"
    program.write_text(f"{program.read_text()}{extra}\n")
    assert deploy(place, "--commit", "HEAD~1") == 0
    assert (place.tools / "deployed").read_text() == old
    assert (place.tools / "branch").read_text() == "release\n"


def test_head_is_deployed_like_no_commit(place: Place) -> None:
    place.commit()
    assert deploy(place, "--commit", "HEAD") == 0
    assert place.calls() == ["summary --output json --target prod", "deploy --target prod"]


@pytest.mark.parametrize("commit", ["nowhere", "--all", "other"])
def test_a_commit_outside_the_branch_is_refused(place: Place, capsys: pytest.CaptureFixture[str], commit: str) -> None:
    place.commit()
    place.git("checkout", "--quiet", "--orphan", "other")
    (place.root / "other.txt").touch()
    place.commit()
    place.git("checkout", "--quiet", "release")
    assert deploy(place, f"--commit={commit}") == 1
    assert f"commit {commit} is not in the history of this branch" in capsys.readouterr().err
    assert place.calls() == []


def test_the_first_run_starts_only_while_there_is_no_champion(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    running(place, "")
    place.workspace.routes["GET", ALIAS] = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
    place.workspace.routes["POST", RUN] = {"run_id": 77}
    assert deploy(place, "--first-run", "lifecycle") == 0
    assert "started lifecycle, run 77" in capsys.readouterr().out
    place.workspace.routes["GET", ALIAS] = {"version": 3}
    assert deploy(place, "--first-run", "lifecycle") == 0
    assert len(place.workspace.asked(RUN)) == 1


def test_an_unknown_first_run_is_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    running(place, "")
    place.workspace.routes["GET", ALIAS] = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
    assert deploy(place, "--first-run", "lifecircle") == 1
    assert "FIRST_RUN names the job lifecircle, which is not deployed: name one of lifecycle" in capsys.readouterr().err
