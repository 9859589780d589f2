"""What the checks say about a project in which something is missing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.check.outcome import Outcome, Status
from bundle_tools.check.run_checks import CHECKS, THEMES, run_checks

Check = Callable[[str], Outcome]
Edit = Callable[[str, str, str], None]


def test_every_check_belongs_to_a_theme_and_says_in_a_sentence_what_it_promises() -> None:
    assert len(CHECKS) == sum(len(theme.CHECKS) for theme in THEMES)
    for check in CHECKS.values():
        assert str(check.__doc__).partition("\n")[0].endswith(".")


@pytest.mark.parametrize(
    ("missing", "check_name", "reason"),
    [
        ("Makefile", "every_hook_calls_a_target_of_the_makefile", "Makefile cannot be read: No such file or directory"),
        ("resources", "every_file_of_resources_is_included", "there was nothing to look at"),
        ("src/nyc_taxi", "the_wheel_requires_every_package_that_you_import", "there was nothing to look at"),
        ("pyproject.toml", "the_version_of_the_wheel_follows_its_content", "there is no pyproject.toml in "),
        ("src/nyc_taxi", "the_version_of_the_wheel_follows_its_content", "src/nyc_taxi/__init__.py is missing"),
        ("src/nyc_taxi/model.py", "tasks_fit_their_entry_points_and_each_other", "cannot be imported"),
    ],
)
def test_a_check_that_cannot_be_made_says_why(
    root: Path, check: Check, missing: str, check_name: str, reason: str
) -> None:
    path = root / missing
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    outcome = check(check_name)
    assert (outcome.status, outcome.is_good) == (Status.NOT_CHECKED, False)
    assert reason in outcome.reason


@pytest.mark.parametrize(
    ("missing", "check_name"),
    [
        ("notebooks", "every_notebook_can_be_read_and_is_valid_python"),
        (".pre-commit-config.yaml", "every_hook_calls_a_target_of_the_makefile"),
        ("ci", "production_is_deployed_from_the_branch_of_the_bundle"),
    ],
)
def test_a_check_that_a_project_has_no_use_for_is_not_applicable(
    root: Path, check: Check, missing: str, check_name: str
) -> None:
    path = root / missing
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    outcome = check(check_name)
    assert (outcome.status, outcome.is_good) == (Status.NOT_APPLICABLE, True)


def test_a_bundle_without_jobs_passes_no_check_of_jobs(root: Path) -> None:
    for file in root.glob("resources/*.job.yml"):
        file.unlink()
    outcomes = run_checks(root, only="jobs.")
    assert outcomes
    assert [outcome for outcome in outcomes if outcome.status is Status.PASSED] == []


def test_an_unexpected_form_is_reported_and_not_a_traceback(check: Check, edit: Edit) -> None:
    edit("databricks.yml", "permissions:", "permissions: everyone\n    permission_list:")
    outcome = check("permissions_name_a_level_and_one_principal")
    assert outcome.status is Status.NOT_CHECKED
    assert outcome.reason.startswith("the project has an unexpected form (AttributeError")


def test_a_fault_in_some_targets_names_them(check: Check, edit: Edit) -> None:
    edit("databricks.yml", 'trials: "30"', 'trials: "thirty"')
    (fault,) = check("tasks_fit_their_entry_points_and_each_other").faults
    assert fault.endswith("(in prod)")


def test_the_modules_of_the_project_are_forgotten_after_the_checks(root: Path, check: Check, edit: Edit) -> None:
    before = sys.modules.get("nyc_taxi")
    edit("src/nyc_taxi/entry_points.py", "PROJECT = ", "raise LookupError('gone')\nPROJECT = ")
    assert check("every_entry_point_can_be_imported").faults == (
        "src/nyc_taxi/entry_points.py: line 15: nyc_taxi cannot be imported: LookupError: gone",
    )
    assert sys.modules.get("nyc_taxi") is before
    assert str(root / "src") not in sys.path
