"""Injects faults into copies of a generated project, and makes the checks that are to find them."""

import shutil
from pathlib import Path
from typing import Any

import yaml

ALL = Path(__file__).with_name("faults.yml")


def faults() -> list[dict[str, Any]]:
    """Return the faults of faults.yml."""
    listed: list[dict[str, Any]] = yaml.safe_load(ALL.read_text(encoding="utf-8"))
    return listed


def copy_with_fault(project: Path, folder: Path, edits: list[dict[str, str]]) -> Path:
    """Copy the project into the folder, and apply the edits; the machinery is linked, and no edit may change it.

    Raises:
        ValueError: A file does not contain the text to replace, or belongs to the machinery.
    """
    copy = Path(shutil.copytree(project, folder / "project", ignore=shutil.ignore_patterns("__pycache__", "machinery")))
    (copy / "machinery").symlink_to(project / "machinery")
    for edit in edits:
        _apply(copy, edit)
    return copy


def _apply(copy: Path, edit: dict[str, str]) -> None:
    file = copy / edit["file"]
    if edit["file"].startswith("machinery/"):
        raise ValueError(f"{edit['file']} is shared with the project that is copied")
    if "rename" in edit:
        file.rename(copy / edit["rename"])
        return
    text = file.read_text(encoding="utf-8")
    if edit["old"] not in text:
        raise ValueError(f"{edit['file']} does not contain {edit['old']!r}")
    file.write_text(text.replace(edit["old"], edit["new"], 1), encoding="utf-8")
