from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.check.outcome import Outcome, Status

Check = Callable[[str], Outcome]
Edit = Callable[[str, str, str], None]

NAME = "the_machinery_is_as_delivered"


@pytest.fixture
def machinery(root: Path) -> Path:
    """The machinery of the project, which may be edited."""
    folder = root / "machinery"
    delivered = folder.resolve()
    folder.unlink()
    return Path(shutil.copytree(delivered, folder, ignore=shutil.ignore_patterns("__pycache__")))


def test_the_machinery_of_a_generated_project_is_as_delivered(check: Check, machinery: Path) -> None:
    (machinery / "src/mlops/__pycache__").mkdir()
    (machinery / "src/mlops/__pycache__/errors.pyc").write_bytes(b"")
    outcome = check(NAME)
    assert (outcome.status, outcome.faults) == (Status.PASSED, ())


def test_edited_added_and_missing_files_are_named_but_the_check_passes(check: Check, machinery: Path) -> None:
    with (machinery / "src/mlops/errors.py").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    (machinery / "src/mlops/mine.py").write_text("", encoding="utf-8")
    (machinery / "VERSION").unlink()
    outcome = check(NAME)
    assert (outcome.status, outcome.is_good) == (Status.WARNED, True)
    assert [fault.partition(": ")[0] for fault in outcome.faults] == [
        "machinery/VERSION",
        "machinery/src/mlops/errors.py",
        "machinery/src/mlops/mine.py",
    ]
    assert "a fork of the template" in outcome.faults[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, "machinery/digests: is missing"), ("abc  VERSION\n", "machinery/digests: line 1 is not a digest")],
)
def test_digests_that_cannot_be_compared_with_are_a_fault(
    check: Check, machinery: Path, text: str | None, expected: str
) -> None:
    digests = machinery / "digests"
    digests.unlink() if text is None else digests.write_text(text, encoding="utf-8")
    outcome = check(NAME)
    assert outcome.status is Status.FAILED
    assert outcome.faults[0].startswith(expected)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ('""', "is missing: name the folder of the machinery, or a requirement"),
        ('"no folder"', "'no folder' is neither a folder of the project nor a requirement"),
        ('"acme-mlops-of-nobody"', "is neither a folder of the project nor installed"),
        ('"packaging<1"', "'packaging<1' is required, and "),
    ],
)
def test_machinery_that_is_nowhere_is_a_fault(check: Check, edit: Edit, setting: str, expected: str) -> None:
    edit("pyproject.toml", 'machinery = "machinery"', f"machinery = {setting}")
    outcome = check(NAME)
    assert outcome.status is Status.FAILED
    assert outcome.faults[0].startswith("pyproject.toml: tool.mlops.machinery")
    assert expected in outcome.faults[0]


def install(folder: Path, record: str) -> None:
    """Install a distribution of one module into a folder."""
    (folder / "acme.py").write_text("DELIVERED = True\n", encoding="utf-8")
    info = folder / "acme_mlops-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-mlops\nVersion: 1.0\n", encoding="utf-8")
    (info / "RECORD").write_text(record, encoding="utf-8")


def test_edited_files_of_an_installed_distribution_are_named(
    check: Check, edit: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("pyproject.toml", 'machinery = "machinery"', 'machinery = "acme-mlops==1.0"')
    site = tmp_path / "site-packages"
    site.mkdir()
    # The digest of the module, as an installer writes it.
    install(site, "acme.py,sha256=7RY3kJZkTztrs2fSmDuRPxSQwEDhIn91z3yaVFCMy_k,17\n")
    monkeypatch.syspath_prepend(str(site))
    outcome = check(NAME)
    assert (outcome.faults, outcome.looked_at) == ((), "1 installed file of acme-mlops 1.0")
    (site / "acme.py").write_text("DELIVERED = False\n", encoding="utf-8")
    assert "acme.py: differs from what was installed" in check(NAME).faults[0]


def test_a_distribution_without_digests_is_not_compared(
    check: Check, edit: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("pyproject.toml", 'machinery = "machinery"', 'machinery = "acme-mlops==1.0"')
    site = tmp_path / "site-packages"
    site.mkdir()
    install(site, "acme.py,,\n")
    monkeypatch.syspath_prepend(str(site))
    assert check(NAME).status is Status.NOT_CHECKED
