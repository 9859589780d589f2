from pathlib import Path

import ci_files
import pytest

WORKFLOW = """\
on:
  push:
    paths:
      - "**" # from the root of the repository
      - '!docs/**' # from the root of the repository
defaults:
  run:
    working-directory: "." # from the root of the repository
jobs: {a: {steps: [{run: "make check"}]}}
"""


def test_marked_lines_are_changed_and_no_others() -> None:
    assert ci_files.placed(WORKFLOW, "ml/taxi") == (
        WORKFLOW.replace('"**"', '"ml/taxi/**"').replace("!docs", "!ml/taxi/docs").replace('"."', '"ml/taxi"')
    )


def project(root: Path, name: str) -> Path:
    for path, text in {
        f".github/workflows/{name}.yml": WORKFLOW,
        ".github/dependabot.yml": "version: 2\n",
        "ci/github_actions/prod.json": "{}",
    }.items():
        file = root / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root / name


def test_two_projects_have_files_of_their_own_at_the_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("taxi", "churn"):
        ci_files.main(project(tmp_path, name))
    placed = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / ".github").rglob("*.yml"))
    assert placed == [".github/dependabot.yml", ".github/workflows/churn.yml", ".github/workflows/taxi.yml"]
    assert 'working-directory: "taxi"' in (tmp_path / ".github/workflows/taxi.yml").read_text()


def test_a_shared_file_of_yours_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").mkdir()
    yours = tmp_path / ".github/dependabot.yml"
    yours.parent.mkdir()
    yours.write_text("version: 2 # mine\n")
    ci_files.main(project(tmp_path, "taxi"))
    assert yours.read_text() == "version: 2 # mine\n"
    assert ".github/dependabot.yml exists and is left as it is: add what" in capsys.readouterr().out


@pytest.mark.parametrize("repository", [True, False])
def test_nothing_is_copied_for_a_project_that_is_the_repository(tmp_path: Path, repository: bool) -> None:  # noqa: FBT001
    folder = project(tmp_path, "taxi")
    if repository:
        (folder / ".git").mkdir()
    before = sorted(tmp_path.rglob("*"))
    ci_files.main(folder)
    assert sorted(tmp_path.rglob("*")) == before
