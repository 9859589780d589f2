import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops.config.features import FeatureTable
from mlops.features.definition import definition_digest

FEATURES = '''
from datetime import timedelta

from . import shared
from .shared import ZONES

HOURS = 3
FIRST = 1
SECOND = FIRST
FIRST = SECOND + HOURS
WINDOW = timedelta(hours=HOURS)

def table(rows):
    """What it is."""
    return _helper(rows) + shared.part(rows)  # why

def _helper(rows):
    return rows * WINDOW * len(ZONES) * FIRST

def other(rows):
    return rows
'''
SHARED = """
ZONES = {"east", "north", "west"}
def part(rows):
    return rows
"""
TABLE = FeatureTable(keys=("k",))
Digest = Callable[..., str]


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Digest:
    """Return the digest of `table` after replacing a text in the two modules."""
    monkeypatch.syspath_prepend(tmp_path)

    def of(old: str = "", new: str = "", table: FeatureTable = TABLE) -> str:
        package = f"package_{len(list(tmp_path.iterdir()))}"
        (tmp_path / package).mkdir()
        for name, text in {"__init__": "", "features": FEATURES, "shared": SHARED}.items():
            (tmp_path / package / f"{name}.py").write_text(text.replace(old, new) if old else text, encoding="utf-8")
        importlib.invalidate_caches()
        found = definition_digest(importlib.import_module(f"{package}.features").table, table)
        for loaded in [name for name in sys.modules if name.startswith(package)]:
            del sys.modules[loaded]
        return found

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_helper(rows) + ", "2 * _helper(rows) + "),
        ("rows * WINDOW", "rows / WINDOW"),
        ("HOURS = 3", "HOURS = 4"),
        ('"north"', '"south"'),
        ("def part(rows):\n    return rows", "def part(rows):\n    return -rows"),
    ],
    ids=[
        "the function",
        "what it calls",
        "a constant of a constant",
        "an imported constant",
        "another module of the package",
    ],
)
def test_changed_code_of_the_table_changes_the_digest(digest: Digest, old: str, new: str) -> None:
    assert digest(old, new) != digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # why", "  # for another reason"),
        ("What it is.", "What it was."),
        ("def other(rows):\n    return rows", "def other(rows):\n    return -rows"),
    ],
    ids=["a comment", "a docstring", "the function of another table"],
)
def test_other_changes_do_not_change_the_digest(digest: Digest, old: str, new: str) -> None:
    assert digest(old, new) == digest()


def test_the_configuration_of_the_table_changes_the_digest(digest: Digest) -> None:
    assert digest(table=FeatureTable(keys=("k", "l"))) != digest()
