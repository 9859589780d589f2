"""What developers use beside the bundle is consistent: hooks, notebooks and the settings of editors."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import yaml

from mlops.errors import ProjectError, did_you_mean

from ..notebook import cells
from .checked_project import CheckedProject
from .outcome import NotApplicableError, as_fault
from .tally import Tally

_PERSONAL = re.compile(r"/home/|/Users/|[A-Z]:\\\\")
_HOOKS = ".pre-commit-config.yaml"
_NEEDED_HOOKS = ("lint", "check", "clean-notebooks")
# Editors allow comments in their JSON files.
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)


def every_hook_calls_a_target_of_the_makefile(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The hooks of pre-commit check style and bundle, and call targets that the Makefile has."""
    if not (project.root / _HOOKS).is_file():
        raise NotApplicableError(f"there is no {_HOOKS}")
    targets = re.findall(r"^([a-z-]+):", (project.root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    try:
        config = yaml.safe_load((project.root / _HOOKS).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProjectError(f"{_HOOKS} is not readable YAML: {' '.join(str(error).split())}") from None
    hooks = {hook["id"]: str(hook.get("entry", "")) for repository in config["repos"] for hook in repository["hooks"]}
    looked.add("hook", *hooks)
    for needed in _NEEDED_HOOKS:
        if needed not in hooks:
            yield f"{_HOOKS}: there is no hook {needed}: add one that runs make {needed}"
    for hook, entry in hooks.items():
        for target in entry.split()[1:] if entry.startswith("make ") else ():
            if target not in targets:
                yield f"{_HOOKS}: {hook}: make has no target {target}{did_you_mean(target, targets)}"


def every_notebook_can_be_read_and_is_valid_python(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every notebook can be read, and its cells are valid Python."""
    files = sorted((project.root / "notebooks").rglob("*.py"))
    if not files:
        raise NotApplicableError("there is no notebook in the folder notebooks")
    for file in files:
        name = file.relative_to(project.root).as_posix()
        looked.add("notebook", name)
        try:
            for cell in cells.read(file):
                looked.add("cell", (name, cell.line))
                if cell.kind == "code":
                    compile("\n" * (cell.line - 1) + cell.text, name, "exec", dont_inherit=True)
        except ProjectError as error:
            yield as_fault(error).replace(str(file), name)
        except SyntaxError as error:
            yield f"{name}: line {error.lineno}: {error.msg}"


def settings_of_editors_can_be_read_and_name_nobodys_folders(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The settings of editors can be read, and name no folder of one machine."""
    files = sorted([*project.root.glob(".vscode/*.json"), *project.root.glob(".run/*.xml")])
    if not files:
        raise NotApplicableError("there are no settings of an editor")
    for file in files:
        name, text = file.relative_to(project.root).as_posix(), file.read_text(encoding="utf-8")
        looked.add("file", name)
        if problem := _unreadable(file, text):
            yield f"{name}: cannot be read: {problem}"
        if match := _PERSONAL.search(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}: line {line}: a path of one machine: write it relative to the project's folder"


def _unreadable(file: Path, text: str) -> str:
    try:
        if file.suffix == ".json":
            json.loads(_COMMENT.sub("", text))
        else:
            ET.fromstring(text)  # noqa: S314 - the project's own file
    except (json.JSONDecodeError, ET.ParseError) as error:
        return str(error)
    return ""


CHECKS = (
    every_hook_calls_a_target_of_the_makefile,
    every_notebook_can_be_read_and_is_valid_python,
    settings_of_editors_can_be_read_and_name_nobodys_folders,
)
