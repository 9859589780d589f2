from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.doctor import command
from bundle_tools.doctor.finding import Finding


def checked(root: Path, constraint: str = ">= 1.2.0-0") -> Finding:
    (root / "databricks.yml").write_text(f'bundle: {{name: b, databricks_cli_version: "{constraint}"}}\n')
    return command.check(load(root))


@pytest.mark.parametrize(
    ("version", "constraint", "fits"),
    [
        ("1.3.0", ">= 1.2.0-0", True),
        ("1.1.9", ">= 1.2.0-0", False),
        ("1.10.0", ">= 1.9.0", True),
        ("1.3.0", "> 1.3.0", False),
        ("1.3.1", "> 1.3.0", True),
        ("1.3.0", "<= 1.3.0", True),
        ("1.3.1", "<= 1.3.0", False),
        ("1.2.9", "< 1.3.0", True),
        ("1.3.0", "< 1.3.0", False),
        ("1.3.0", "= 1.3.0", True),
        ("1.3.1", "=1.3.0", False),
        ("1.3.0", "1.3.0", True),
        ("1.3.0", "!= 1.3.0", False),
        ("1.5.0", ">= 1.3.0, < 2.0.0", True),
        ("2.0.0", ">= 1.3.0, < 2.0.0", False),
        ("1.2.0", ">= 1.3.0, < 2.0.0", False),
        ("1.3.7", "1.3.*", True),
        ("1.4.0", "1.*", True),
        ("2.0.0", "1.*", False),
        ("1.3.0-rc1", ">= 1.2.0-0", True),
        ("1.3.0-rc1", ">= 1.3.0", False),
        ("1.4.0-rc1", ">= 1.3.0", False),
        ("0.0.0-dev", ">= 1.3.0", True),
        ("1.3.0", "", True),
    ],
)
def test_a_version_fits_a_constraint_as_in_the_cli(version: str, constraint: str, *, fits: bool) -> None:
    assert command.satisfies(version, constraint) is fits


@pytest.mark.parametrize("constraint", ["~> 1.3", "newest", ">= 1.3.0 < 2.0.0", "1.3.0,", "1.*-0"])
def test_an_invalid_constraint_fails(constraint: str, tmp_path: Path) -> None:
    finding = checked(tmp_path, constraint)
    assert finding.ok is None
    assert "databricks.yml: bundle.databricks_cli_version cannot be read: write it as" in finding.sentence


def test_every_version_fits_a_bundle_without_a_constraint(tmp_path: Path) -> None:
    assert str(checked(tmp_path, "")) == "ok      Databricks CLI 1.3.0"


def test_a_cli_that_is_not_installed_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    finding = checked(tmp_path)
    assert finding.ok is False
    assert "not on the PATH: install it in a version that fits '>= 1.2.0-0'" in finding.sentence


def test_a_cli_that_is_too_old_is_missing(tmp_path: Path, install_cli: Callable[..., None]) -> None:
    install_cli("echo Version 0.18.0")
    finding = checked(tmp_path)
    assert finding.ok is False
    assert "databricks is 0.18.0; install another version from https://" in finding.sentence


@pytest.mark.parametrize(
    ("lines", "words"), [("echo hello", "prints no version"), ("exec /nowhere/at/all 2>/dev/null", "prints no version")]
)
def test_a_broken_cli_fails(tmp_path: Path, install_cli: Callable[..., None], lines: str, words: str) -> None:
    install_cli(lines)
    finding = checked(tmp_path)
    assert finding.ok is None
    assert words in finding.sentence


def test_a_cli_that_hangs_times_out(
    tmp_path: Path, install_cli: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_SECONDS", 0.1)
    install_cli("while :; do :; done")
    finding = checked(tmp_path)
    assert finding.ok is None
    assert "does not run" in finding.sentence
