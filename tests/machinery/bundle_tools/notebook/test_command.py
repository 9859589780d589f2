from pathlib import Path

import pytest

from bundle_tools import cli

from generated import generated_project

ROOT = generated_project()


def test_a_missing_notebook_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["notebook", "none.py", "--root", str(ROOT)]) == 1
    assert capsys.readouterr().err.startswith("error: there is no notebook ")


def test_a_cell_that_fails_leaves_an_earlier_page_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spark: object
) -> None:
    assert spark is not None  # the engine of this process is started once
    notebook, page = tmp_path / "some.py", tmp_path / "some.html"
    command = ["notebook", str(notebook), "--root", str(ROOT), "--state", str(tmp_path)]
    notebook.write_text("# Databricks notebook source\ndisplay(spark.range(3))\n", encoding="utf-8")
    assert cli.run(command) == 0
    before = page.read_text(encoding="utf-8")
    assert "<td>2</td>" in before
    notebook.write_text("# Databricks notebook source\nspark.table('none')\ndisplay(spark.table('none').count())\n")
    assert cli.run(command) == 1
    assert "error: some.py:" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == before
