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


def forget(package: str) -> None:
    """Let the next import of a package read its files."""
    for loaded in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[loaded]


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
        try:
            return definition_digest(importlib.import_module(f"{package}.features").table, table)
        finally:
            forget(package)

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


def test_a_digest_of_an_earlier_release_is_still_valid(digest: Digest) -> None:
    # Another way to compute it would compute all feature tables anew, and make all champions unproven.
    assert digest() == "2c6999f5757f7260"


INSIDE = {
    "a name, imported inside a function": "def table(rows):\n    from .shared import part\n    return part(rows)",
    "a module, imported inside a function": "def table(rows):\n    from . import shared\n    return shared.part(rows)",
    "imported by its full name": "def table(rows):\n    import own.shared\n    return own.shared.part(rows)",
    "imported from its full name": "def table(rows):\n    from own.shared import part as p\n    return p(rows)",
    "imported by a chain of functions": "def table(rows):\n    from .between import through\n    return through(rows)",
    "imported again by the package": "def table(rows):\n    from . import again\n    return again(rows)",
    "a module's full name": "import own.shared\ndef table(rows):\n    return own.shared.part(rows)",
    "a literal name": "from importlib import import_module\ndef table(rows):\n    "
    "return import_module('.shared', __package__).part(rows)",
    "a computed name": "import importlib\nNAME = 'sha'\ndef table(rows):\n    "
    "return importlib.import_module(f'own.{NAME}red').part(rows)",
    "a method": "class Table:\n    def of(self, rows):\n        from .shared import part\n        return part(rows)\n"
    "def table(rows):\n    return Table().of(rows)",
    "a constant from its full name": "from own.shared import SIGN\ndef table(rows):\n    return SIGN * rows",
    "a constant of a star": "from .shared import *\ndef table(rows):\n    return SIGN * rows",
    "a cached function": "from .shared import cached\ndef table(rows):\n    return cached(rows)",
    "a function that a call has made": "from .shared import multiply\ntwice = multiply(1)\n"
    "def table(rows):\n    return twice(rows)",
    "a block": "try:\n    from .shared import SIGN\nexcept ImportError:\n    SIGN = 1\n"
    "def table(rows):\n    return SIGN * rows",
    "a statement that changes a constant": "from .shared import ALL\ndef table(rows):\n    return sum(ALL) * rows",
}
OWN = {
    "__init__": "from .shared import part as again",
    "between": "def through(rows):\n    from .shared import part\n    return part(rows)",
    "shared": """
import functools
SIGN = 1
ALL = [2]
ALL.append(1)
def part(rows):
    return rows * 1
@functools.lru_cache
def cached(rows):
    return rows * 1
def multiply(by):
    def made(rows):
        return rows * by * 1
    return made
""",
}


@pytest.mark.parametrize("code", INSIDE.values(), ids=INSIDE.keys())
def test_changed_code_changes_the_digest_however_it_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    before = of_package(tmp_path / "before", monkeypatch, OWN | {"features": code})
    assert of_package(tmp_path / "same", monkeypatch, OWN | {"features": code}) == before
    changed = OWN | {"shared": OWN["shared"].replace("1", "7")}
    assert of_package(tmp_path / "after", monkeypatch, changed | {"features": code}) != before


def test_an_argument_of_the_call_that_has_made_a_function_changes_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = INSIDE["a function that a call has made"]
    before = of_package(tmp_path / "before", monkeypatch, OWN | {"features": code})
    assert of_package(tmp_path / "after", monkeypatch, OWN | {"features": code.replace("1", "2")}) != before


def test_what_cannot_be_imported_or_is_for_types_alone_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .shared import part\n"
        "def table(rows):\n    try:\n        from .absent import part\n    except ImportError:\n        return rows"
    )
    before = of_package(tmp_path / "before", monkeypatch, OWN | {"features": code})
    changed = OWN | {"shared": OWN["shared"].replace("1", "7")}
    assert of_package(tmp_path / "after", monkeypatch, changed | {"features": code}) == before


def of_package(folder: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> str:
    """Return the digest of `table` in the module `features` of a package `own` of these files."""
    (folder / "own").mkdir(parents=True)
    for name, text in files.items():
        (folder / "own" / f"{name}.py").write_text(text, encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.syspath_prepend(folder)
        try:
            return definition_digest(importlib.import_module("own.features").table, TABLE)
        finally:
            forget("own")
