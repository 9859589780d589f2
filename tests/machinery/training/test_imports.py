from pathlib import Path

from mlops.training.imports import imported_modules

TEXT = """
from __future__ import annotations
import os.path
from typing import TYPE_CHECKING
from numpy import linalg
from . import tables
from ..other.deep import name
if TYPE_CHECKING:
    import pandas
else:
    import json
def later():
    import scipy.stats
"""


def found(tmp_path: Path, module: str, file: str) -> set[str]:
    path = tmp_path / file
    path.write_text(TEXT, encoding="utf-8")
    return imported_modules(module, path)


def test_all_imports_count_except_those_for_type_checkers(tmp_path: Path) -> None:
    modules = found(tmp_path, "a.b.c", "c.py")
    assert {"os.path", "numpy", "numpy.linalg", "json", "scipy.stats"} <= modules
    assert "pandas" not in modules


def test_relative_imports_start_at_the_package_of_the_module(tmp_path: Path) -> None:
    assert {"a.b", "a.b.tables", "a.other.deep"} <= found(tmp_path, "a.b.c", "c.py")
    assert {"a.b.c", "a.b.c.tables", "a.b.other.deep"} <= found(tmp_path, "a.b.c", "__init__.py")
