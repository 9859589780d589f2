from pathlib import Path

import pytest

from bundle_tools import cli

from generated import generated_project

ROOT = generated_project()


@pytest.mark.parametrize("budget", ["x", "0", "-3", "1e3", ""])
def test_a_budget_that_is_no_number_of_seconds_is_refused_before_anything_runs(
    budget: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["baseline", f"--budget={budget}", "--root", str(ROOT), "--state", str(tmp_path / "state")]) == 1
    assert capsys.readouterr().err == f"error: the budget is {budget!r}: give the number of seconds, greater than 0.\n"
    assert not (tmp_path / "state").exists()
