"""The checks of a project find every fault injected into it, offline, and name its file and key."""

from pathlib import Path
from typing import Any

import pytest

from bundle_tools.check.run_checks import CHECKS, run_checks
from inject import copy_with_fault, faults

from baking import Bake

# Tested in tests/machinery/bundle_tools/check: they need another machinery, a repository or a program.
WITHOUT_A_FAULT = {
    "the_ci_files_at_the_root_of_the_repository_are_up_to_date",
    "the_cli_reads_the_bundle_as_the_local_runner_does",
    "the_cli_validates_every_target_without_a_warning",
    "the_machinery_is_as_delivered",
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", faults(), ids=lambda fault: str(fault["fault"]))
def test_every_fault_is_found_at_its_place(bake: Bake, tmp_path: Path, fault: dict[str, Any]) -> None:
    (outcome,) = run_checks(copy_with_fault(bake().path, tmp_path, fault["edits"]), only=fault["caught_by"])
    assert any(fault["place"] in found for found in outcome.faults), outcome
    assert outcome.status == "failed"


def test_no_fault_is_found_in_a_generated_project(bake: Bake, tmp_path: Path) -> None:
    outcomes = run_checks(copy_with_fault(bake().path, tmp_path, []))
    assert [outcome.name for outcome in outcomes] == list(CHECKS)
    assert [outcome for outcome in outcomes if not outcome.is_good] == []


def test_no_fault_is_listed_twice() -> None:
    names = [fault["fault"] for fault in faults()]
    assert len(names) == len(set(names)) > 100


def test_every_check_finds_a_fault() -> None:
    assert {fault["caught_by"] for fault in faults()} == {*CHECKS} - WITHOUT_A_FAULT
