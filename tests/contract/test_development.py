"""What developers use beside the bundle is consistent: hooks, notebooks and the settings of editors."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml

from bundle_tools.notebook import cells
from mlops.errors import ProjectError

NoneOf = Callable[[Iterable[str]], None]
PERSONAL = re.compile(r"/home/|/Users/|[A-Z]:\\\\")


def test_the_hooks_call_targets_of_the_makefile(root: Path, none_of: NoneOf) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    config = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert {"lint", "check", "clean-notebooks"} <= {hook["id"] for hook in hooks}
    none_of(
        f".pre-commit-config.yaml: {hook['id']}: make has no target {hook['entry'].removeprefix('make ')}"
        for hook in hooks
        if hook["entry"].removeprefix("make ") not in targets
    )


def test_every_notebook_can_be_read_and_is_valid_python(root: Path, none_of: NoneOf) -> None:
    faults = []
    for file in sorted(root.glob("notebooks/**/*.py")):
        try:
            found = cells.read(file)
        except ProjectError as error:
            faults.append(str(error))
            continue
        for cell in found:
            if cell.kind == "code":
                compile(cell.text, str(file), "exec", dont_inherit=True)
    none_of(faults)


@pytest.mark.parametrize("pattern", [".vscode/*.json", ".run/*.xml"])
def test_settings_of_editors_can_be_read_and_are_nobodys_own(root: Path, pattern: str, none_of: NoneOf) -> None:
    faults = []
    for file in sorted(root.glob(pattern)):
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".json":
            json.loads(text)
        else:
            ET.fromstring(text)  # noqa: S314 - the project's own file
        if PERSONAL.search(text):
            faults.append(f"{file.relative_to(root).as_posix()}: a path of one machine")
    none_of(faults)
