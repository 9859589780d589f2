"""What is installed, beside what the platform brings."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.errors import ProjectError
from mlops.probe import interpreter, packages
from mlops.probe.answer import NotAskedError

PANDAS, NUMPY = version("pandas"), version("numpy")


def test_the_pins_are_those_of_the_wheel_or_else_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "src" / "taxi" / "model.py"
    model.parent.mkdir(parents=True)
    model.touch()
    project: Any = SimpleNamespace(build_model=None)
    monkeypatch.setattr(packages.inspect, "getfile", lambda _: str(model))
    monkeypatch.setattr(packages, "__file__", str(tmp_path / "wheel/mlops/probe/packages.py"))
    assert packages.pins(project) == {}
    (tmp_path / "constraints.txt").write_text("# of the platform\nPandas==2.2.3 # why\n\nruamel.yaml==1.0\n")
    assert packages.pins(project) == {"pandas": "2.2.3", "ruamel-yaml": "1.0"}
    (tmp_path / "wheel/mlops").mkdir(parents=True)
    (tmp_path / "wheel/mlops/constraints.txt").write_text("numpy==2.1.3\n")
    assert packages.pins(project) == {"numpy": "2.1.3"}


def test_without_pins_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "pins", lambda _: {})
    with pytest.raises(NotAskedError, match=r"has no constraints\.txt"):
        interpreter.versions(SimpleNamespace(project=None, replaced=""))  # type: ignore[arg-type]


def test_what_was_replaced_on_purpose_is_said_and_what_is_absent_counted() -> None:
    pins = {"pandas": PANDAS, "numpy": "0.1", "no-such-package": "1"}
    assert packages.compare(pins, ["NumPy"]) == (
        f"1 of 3 as the platform has them, 1 not installed, replaced: numpy 0.1 -> {NUMPY}"
    )
    assert (
        packages.compare({"pandas": PANDAS}, []) == "1 of 1 as the platform has them, 0 not installed, replaced: none"
    )


def test_what_was_replaced_without_a_reason_fails() -> None:
    with pytest.raises(ProjectError, match=rf"1 packages were replaced: numpy 0\.1 -> {NUMPY}"):
        packages.compare({"pandas": PANDAS, "numpy": "0.1"}, ["databricks-sdk"])


def test_pins_of_which_none_is_installed_have_nothing_to_compare() -> None:
    with pytest.raises(ProjectError, match="none of the 1 packages of the platform is installed"):
        packages.compare({"no-such-package": "1"}, [])
