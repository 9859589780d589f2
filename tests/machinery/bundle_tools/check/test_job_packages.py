"""What the jobs install is exact, fits together, and replaces only what is listed with its reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bundle_tools.check.outcome import Outcome, Status

NAME = "the_jobs_install_exact_versions_and_replace_only_what_has_a_reason"
SDK = "databricks-sdk==0.72.0 # data profiling (job monitoring) needs 0.68; above 0.72, protobuf would be replaced too"

Check = Callable[[str], Outcome]
Edit = Callable[[str, str, str], None]


def test_what_is_generated_passes(check: Check) -> None:
    outcome = check(NAME)
    assert outcome.faults == ()
    assert outcome.status is Status.PASSED
    assert "17 lines" in outcome.looked_at


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (SDK, "databricks-sdk>=0.68,<0.163 # profiling", "'databricks-sdk>=0.68,<0.163' is not an exact version"),
        (SDK, "databricks-sdk==0.72.0", "'databricks-sdk==0.72.0' replaces 0.67.0 of the platform without a reason"),
        (SDK, f"{SDK}\n            - protobuf==6.33.6", "'protobuf==6.33.6' replaces 5.29.4 of the platform"),
        ("            - mako==1.4.3\n", "", "mako is installed by alembic in any version"),
        ("optuna==5.0.0", "optuna==3.0.0", "optuna<6,>=3.6 is required by the wheel, and the jobs have optuna 3.0.0"),
    ],
    ids=["range", "no reason", "another package", "not pinned", "does not fit"],
)
def test_each_way_to_install_something_else_is_named(check: Check, edit: Edit, old: str, new: str, fault: str) -> None:
    edit("resources/common.yml", f"- {old}" if not old.startswith(" ") else old, f"- {new}" if new else new)
    outcome = check(NAME)
    assert outcome.status is Status.FAILED
    assert [text for text in outcome.faults if text.startswith(f"resources/common.yml: {fault}")] != []


def test_a_package_of_another_version_than_here_may_require_something_else(check: Check, edit: Edit) -> None:
    edit("resources/common.yml", "alembic==1.20.1", "alembic==1.20.0")
    edit("resources/common.yml", "            - mako==1.4.3\n", "")
    assert check(NAME).status is Status.PASSED


def test_a_package_that_your_code_requires_is_pinned_for_the_jobs_too(check: Check, edit: Edit) -> None:
    edit("pyproject.toml", "dependencies = []", 'dependencies = ["pysail>=0.7.2"]')
    assert (
        check(NAME).faults[0].startswith("resources/common.yml: pysail>=0.7.2 is installed by the wheel in any version")
    )
