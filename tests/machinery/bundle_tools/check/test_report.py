from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from bundle_tools.check.report import check
from bundle_tools.cli import run
from mlops.errors import ProjectError

Edit = Callable[[str, str, str], None]


def printed(root: Path, only: str, encoding: str = "utf-8") -> tuple[int, str]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    code = check(root, Console(file=stream, width=80), only=only)
    stream.seek(0)
    return code, stream.read()


def test_checks_that_pass_are_listed_with_what_they_looked_at(root: Path) -> None:
    assert printed(root, "every_variable") == (
        0,
        "files\n"
        "  ✓ Every variable is used by a resource or a setting (39 variables)\n"
        "  ✓ Every variable has a description (39 variables)\n"
        "\n"
        "2 checks passed, 0 failed\n",
    )


def test_a_fault_is_shown_below_its_check(root: Path, edit: Edit) -> None:
    edit("databricks.yml", "    description: Time zone", "    # Time zone")
    code, text = printed(root, "every_variable_says")
    assert code == 1
    assert "  ✗ Every variable has a description (39 variables)\n      databricks.yml: variables.timezone: no" in text
    assert text.endswith("\n0 checks passed, 1 failed\n")


def test_a_check_that_fails_before_it_looked_at_anything_has_no_empty_parentheses(root: Path, edit: Edit) -> None:
    edit("pyproject.toml", "[project]", "[project")
    code, text = printed(root, "every_entry_point")
    assert code == 1
    assert "every entry point can be imported\n      pyproject.toml is not readable TOML" in text


def test_a_hint_ends_with_its_question_mark(root: Path, edit: Edit) -> None:
    edit("src/nyc_taxi/project.yml", "problem_type:", "problem_typ:")
    assert "did you mean 'problem_type'?\n" in printed(root, "every_entry_point")[1]


def test_what_cannot_be_read_is_said_once_without_headings_of_themes(root: Path, edit: Edit) -> None:
    edit("resources/features.job.yml", "      description:", "     description:")
    code, text = printed(root, "job")
    assert code == 1
    assert text.count("resources/features.job.yml is not readable YAML") == 1
    assert text.startswith("? not checked: ")
    assert "\n    4 checks of jobs, 1 check of tasks, 1 check of schedules, 1 check of job packages\n" in text


def test_a_few_checks_that_are_not_made_are_named(root: Path, edit: Edit) -> None:
    edit("resources/features.job.yml", "      description:", "     description:")
    assert "\n    files: Every variable has a description\n" in printed(root, "every_variable_says")[1]


def test_a_terminal_without_the_marks_shows_words(root: Path) -> None:
    assert "  ok Every variable has a description" in printed(root, "every_variable_says", "ascii")[1]


@pytest.mark.parametrize("only", ["every_variable_say", "variable"])
def test_part_of_a_name_chooses_checks(root: Path, only: str) -> None:
    assert "Every variable has a description" in printed(root, only)[1]


def test_an_unknown_check_is_refused_with_a_hint(root: Path) -> None:
    with pytest.raises(ProjectError, match="no check 'every_varable_is_used': did you mean 'every_variable_is_used'"):
        printed(root, "every_varable_is_used")


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"There is no databricks.yml in .*: run this command in the project's"):
        printed(tmp_path, "")


@pytest.mark.parametrize(("only", "code"), [("every_variable", 0), ("the_wheel_requires", 1), ("targetz", 1)])
def test_the_command_exits_as_the_checks_end(root: Path, edit: Edit, only: str, code: int) -> None:
    edit("src/nyc_taxi/features.py", "from pyspark.sql", "import polars\nfrom pyspark.sql")
    assert run(["check", only, "--root", str(root)]) == code
