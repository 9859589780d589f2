from pathlib import Path

import pytest

from bundle_tools.notebook import cells
from mlops.errors import ProjectError

NOTEBOOK = """# Databricks notebook source
# MAGIC %md
# MAGIC # Title
# MAGIC
# MAGIC Text.

# COMMAND ----------

# MAGIC %pip install something
# MAGIC %restart_python

# COMMAND ----------

x = 1

# COMMAND ----------

y = 2
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "some.py"
    file.write_text(text, encoding="utf-8")
    return file


def test_cells_have_their_kinds_their_texts_and_the_lines_where_they_begin(tmp_path: Path) -> None:
    found = cells.read(written(tmp_path, NOTEBOOK))
    assert [(cell.kind, cell.text, cell.line) for cell in found] == [
        ("markdown", " # Title\n\nText.".strip(), 2),
        ("left out", "%pip install something\n%restart_python", 9),
        ("code", "x = 1", 14),
        ("code", "y = 2", 18),
    ]


def test_a_cell_in_another_language_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "# Databricks notebook source\n# MAGIC %sql\n# MAGIC SELECT 1\n")
    with pytest.raises(ProjectError, match=r"some\.py:2: a cell with %sql does not run on this machine"):
        cells.read(file)


def test_a_file_that_is_not_a_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="its first line must be"):
        cells.read(written(tmp_path, "x = 1\n"))
    with pytest.raises(ProjectError, match="there is no notebook"):
        cells.read(tmp_path / "none.py")
