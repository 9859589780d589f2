import os
import sys
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from matplotlib.figure import Figure
from pyspark.sql import SparkSession

from bundle_tools.notebook import execute
from bundle_tools.notebook.cells import Cell
from bundle_tools.notebook.page import page
from mlops.errors import ProjectError

NO_ENGINE = cast("SparkSession", None)


def run(folder: Path, *codes: str, **widgets: str) -> list[execute.Ran]:
    return execute.run([Cell("code", code, 10) for code in codes], folder / "some.py", NO_ENGINE, widgets)


def test_cells_share_their_names_and_show_texts_tables_and_figures_in_order(tmp_path: Path) -> None:
    code = "print('one')\ndisplay(frame)\nprint('two')\nprint('three')\ndisplay(Figure())"
    first, second = run(
        tmp_path,
        "import pandas as pd; frame = pd.DataFrame({'x': [1]})",
        f"from matplotlib.figure import Figure\n{code}",
    )
    assert first.shown == []
    assert [type(one) for one in second.shown] == [str, pd.DataFrame, str, Figure]
    assert second.shown[2] == "two\nthree\n"


def test_a_notebook_runs_in_its_own_folder_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    before = (os.getcwd(), list(sys.path), sys.modules["__main__"])  # noqa: PTH109 - as the notebook sees it
    (ran,) = run(tmp_path, "import sys, os\nsys.path.insert(0, '/somewhere')\nprint(os.getcwd())")
    assert ran.shown == [f"{tmp_path}\n"]
    assert (os.getcwd(), list(sys.path), sys.modules["__main__"]) == before  # noqa: PTH109 - as above


def test_widgets_have_the_given_values_or_their_defaults(tmp_path: Path) -> None:
    code = "for name in 'ab':\n    dbutils.widgets.text(name, 'default')\n    print(dbutils.widgets.get(name))"
    (ran,) = run(tmp_path, code, a="given")
    assert ran.shown == ["given\ndefault\n"]
    with pytest.raises(ProjectError, match="has no widget 'c'"):
        run(tmp_path, "dbutils.widgets.get('c')")


def test_an_error_says_in_which_line_of_the_file_it_happened(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"some\.py:11: ZeroDivisionError: division by zero"):
        run(tmp_path, "x = 1\nx / 0")


def test_functions_of_a_notebook_belong_to_its_main_module(tmp_path: Path) -> None:
    (ran,) = run(tmp_path, "import sys\ndef f(): return 1\nprint(f.__module__, sys.modules['__main__'].f is f)")
    assert ran.shown == ["__main__ True\n"]


def test_a_page_shows_everything_and_escapes_it(tmp_path: Path) -> None:
    ran: list[Any] = [
        execute.Ran(Cell("markdown", "# Title\n\n| a |\n|---|\n| b |", 1), []),
        *run(tmp_path, "print('<b>')\nimport pandas as pd\ndisplay(pd.DataFrame({'x': [1.23456789]}))"),
        *run(tmp_path, "from matplotlib.figure import Figure\nf = Figure()\nf.subplots()\ndisplay(f)"),
    ]
    text = page("a & b", ran)
    for part in ("<title>a &amp; b</title>", "<h1>Title</h1>", "&lt;b&gt;", "1.2346", "<td>b</td>", "image/png;base64"):
        assert part in text
