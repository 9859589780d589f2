"""The contract tests find every fault injected into a bundle, offline, and name its file and key."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inject import faults

from baking import ROOT, Bake

PARTS = 6  # so that several workers can share the faults


def wrong(fault: dict[str, str], failed: dict[str, list[str]]) -> str | None:
    """Say what the contract tests failed to report about a fault, or None if they reported it."""
    if "place" not in fault:
        return f"{fault['fault']}: {failed}" if failed else None
    said = [message for test, messages in failed.items() if fault["caught_by"] in test for message in messages]
    if any(fault["place"] in message for message in said):
        return None
    return f"{fault['fault']}: no {fault['caught_by']} names {fault['place']}, but {said or list(failed)}"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_fault_is_found_at_its_place(bake: Bake, tmp_path: Path, part: int) -> None:
    project = bake().copy_to(tmp_path)
    command = [sys.executable, str(ROOT / "tests" / "inject.py"), str(part), str(PARTS)]
    environment = os.environ | {"PYTHONPATH": str(project.path / "src")}
    done = subprocess.run(command, cwd=project.path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {line["fault"]: line["failed"] for line in map(json.loads, done.stdout.splitlines())}

    tried = faults()[part::PARTS]
    assert list(found) == [fault["fault"] for fault in tried]
    missed = [problem for fault in tried if (problem := wrong(fault, found[fault["fault"]]))]
    assert missed == [], "\n".join(missed)


def test_no_fault_is_listed_twice() -> None:
    names = [fault["fault"] for fault in faults()]
    assert len(names) == len(set(names)) > 80
