from pathlib import Path

import pytest

from bundle_tools import cli
from bundle_tools.bundle.load import load
from bundle_tools.workspace.workspace import own_schema

from generated import generated_project

ROOT = generated_project()


def test_a_report_before_any_run_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spark: object
) -> None:
    assert spark is not None  # the engine of this process is started once
    assert cli.run(["report", "--root", str(ROOT), "--state", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"error: table {own_schema(load(ROOT))}.inference_log does not exist: run make lifecycle, or the job "
        "monitoring, first.\n"
    )
    assert not (tmp_path / "report.html").exists()
