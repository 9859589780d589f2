"""The front of the machinery, which is all that the owner's code imports."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import mlops

REFERENCE = Path(__file__).resolve().parents[2] / "<<cookiecutter.project_name>>" / "docs" / "reference.md"


@pytest.mark.parametrize("name", mlops.__all__)
def test_every_name_of_the_front_is_there(name: str) -> None:
    value = getattr(mlops, name)
    assert not isinstance(value, ModuleType)
    assert getattr(mlops, name) is value


def test_the_version_is_a_function_whatever_was_imported_before() -> None:
    script = "import mlops.machinery_version; from mlops import version; print(version())"
    environment = os.environ | {"PYTHONPATH": str(Path(mlops.__file__).parents[1])}
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", shown.stdout)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'mlops' has no attribute 'evidence'"):
        _ = mlops.evidence


def test_the_reference_lists_exactly_the_names_of_the_front() -> None:
    section = (
        REFERENCE.read_text(encoding="utf-8").partition("\n## What your code may import\n")[2].partition("\n## ")[0]
    )
    assert sorted(re.findall(r"^\| `(\w+)", section, re.MULTILINE)) == sorted(mlops.__all__)
