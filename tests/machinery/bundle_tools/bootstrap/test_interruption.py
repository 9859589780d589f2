"""A set-up that is killed in the middle is taken up again, and ends as one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fake_tenant import FakeTenant

from .conftest import Bootstrap

SCRIPT = """
import sys
from bundle_tools.doctor import account
account.account_host = lambda _: sys.argv[1]
from bundle_tools import cli
sys.exit(cli.run(["bootstrap", "--root", sys.argv[2], "staging", "--apply"]))
"""
CHANGES = 26  # of a set-up from nothing
MACHINERY = Path(__file__).parents[4] / "<<cookiecutter.project_name>>/machinery/src"


def killed_at(tenant: FakeTenant, root: Path, number: int) -> int:
    """Run the set-up in a process of its own, kill it when its nth change arrives, and return its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(MACHINERY)}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, tenant.url, str(root)], env=environment, stdout=subprocess.DEVNULL
    )
    arrived: list[int] = []

    def count() -> None:
        arrived.append(number)
        if len(arrived) == number:  # the change is still made: nobody learns of it
            os.kill(process.pid, signal.SIGKILL)

    tenant.before_write = count
    process.wait(timeout=120)
    tenant.before_write = lambda: None
    return process.returncode


@pytest.mark.parametrize("number", [1, 4, 12])
def test_a_killed_set_up_is_resumed_without_doing_anything_twice(
    tenant: FakeTenant, bootstrap: Bootstrap, root: Path, number: int
) -> None:
    assert killed_at(tenant, root, number) == -signal.SIGKILL
    made = len(tenant.writes)
    assert made == number
    code, lines = bootstrap("staging", "--apply")
    assert [line for line in lines if line.startswith(("FAILED", "skipped", "MISSING", "?"))] == []
    assert code == 0
    changes = [(one.method, one.path, json.dumps(one.body)) for one in tenant.requests if one.method != "GET"]
    assert len(changes) == len(set(changes)) == CHANGES
    state = tenant.state()
    assert state["principals"] == ["data scientists", "ml-engineers", "taxi-staging"]
    assert len(state["policies"]["taxi-staging"]) == 1


def test_one_that_is_not_killed_makes_as_many_changes(tenant: FakeTenant, bootstrap: Bootstrap) -> None:
    bootstrap("staging", "--apply")
    assert len(tenant.writes) == CHANGES
