import subprocess
import sys
import time
from pathlib import Path

import pytest

from bundle_tools.run.queue import any_turn, turns
from mlops.errors import ProjectError

QUEUED = {"max_concurrent_runs": 1, "queue": {"enabled": True}}
# Holds a job's turn until it is killed; the file says that it has it.
HOLDER = """
import sys, time
from pathlib import Path
from bundle_tools.run.queue import turns
with turns(Path(sys.argv[1]), print)("promotion", {"max_concurrent_runs": 1}):
    Path(sys.argv[1], "held").touch()
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Another process, in which a run of the job `promotion` is active."""
    script = tmp_path / "hold.py"
    script.write_text(HOLDER)
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env={"PYTHONPATH": ":".join(sys.path)})
    while not (tmp_path / "held").exists():
        assert process.poll() is None
        time.sleep(0.01)
    yield process
    process.kill()
    process.wait()


def test_a_run_waits_until_the_other_process_is_gone_however_it_ends(
    holder: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    told = []

    def kill(job: str) -> None:
        told.append(job)
        holder.kill()

    with turns(tmp_path, kill)("promotion", QUEUED):
        assert told == ["promotion"]


@pytest.mark.usefixtures("holder")
def test_a_job_without_a_queue_does_not_wait(tmp_path: Path) -> None:
    turn = turns(tmp_path, pytest.fail)
    with (
        pytest.raises(ProjectError, match="another run of the job promotion is active and the job has no queue"),
        turn("promotion", {"max_concurrent_runs": 1}),
    ):
        pass


@pytest.mark.usefixtures("holder")
def test_other_jobs_and_jobs_with_concurrent_runs_do_not_wait(tmp_path: Path) -> None:
    turn = turns(tmp_path, pytest.fail)
    with turn("training", QUEUED), turn("promotion", {"max_concurrent_runs": 2}), any_turn("promotion", QUEUED):
        pass


def test_one_run_after_the_other_has_its_turn(tmp_path: Path) -> None:
    turn = turns(tmp_path, pytest.fail)
    for _ in range(2):
        with turn("promotion", QUEUED):
            pass


def test_a_run_learns_that_another_process_has_run_the_job_meanwhile(tmp_path: Path) -> None:
    calls: list[str] = []
    earlier = turns(tmp_path, pytest.fail)
    with earlier("features", QUEUED):
        pass
    ours = turns(tmp_path, pytest.fail, lambda: calls.append("another"))
    for _ in range(2):
        with ours("features", QUEUED), ours("training", QUEUED):
            assert calls == [], "what ran before, and what ran here, is known"
    with earlier("features", QUEUED):
        pass
    with ours("training", QUEUED), ours("features", QUEUED):
        assert calls == ["another"]
