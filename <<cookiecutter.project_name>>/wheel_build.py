"""Builds the wheel: your package, with the machinery inside it.

In this repository `mlops` is a package next to yours. In the wheel it is a subpackage of yours, so that the wheels of
two projects, generated from different versions of the template, can be installed in one environment. The machinery uses
relative imports and is copied unchanged; in your modules, `from mlops` becomes `from <package>.mlops`.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FROM = re.compile(r"^(\s*from )mlops(?=[ .])", re.MULTILINE)
_IMPORT = re.compile(r"^\s*import mlops\b.*", re.MULTILINE)


class MachineryInside(BuildHookInterface):  # type: ignore[type-arg,misc] # the hook has no configuration
    """Adds your package and the machinery to the wheel."""

    _staged: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Choose the files of a wheel; an editable installation uses `src/` directly."""
        if version == "editable":
            return
        package = self.metadata.core.name.replace("-", "_")
        source = Path(self.root) / "src"
        self._staged = Path(tempfile.mkdtemp())
        yours = self._staged / package
        leave_out = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(source / package, yours, ignore=leave_out)
        for module in yours.rglob("*.py"):
            module.write_bytes(with_machinery_inside(module.read_bytes().decode(), package, module.name).encode())
        shutil.copytree(source / "mlops", yours / "mlops", ignore=leave_out)
        for file in self._staged.rglob("*"):
            if file.is_file():
                build_data["force_include"][str(file)] = file.relative_to(self._staged).as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - the hook's signature
        """Remove the staged files."""
        if self._staged is not None:
            shutil.rmtree(self._staged)


def with_machinery_inside(text: str, package: str, name: str) -> str:
    """Return the text of a module with its imports of `mlops` changed to imports of `<package>.mlops`.

    Raises:
        ValueError: The module contains `import mlops`, which cannot be renamed.
    """
    if plain := _IMPORT.search(text):
        raise ValueError(f"{name} contains {plain[0].strip()!r}: write `from mlops... import ...` instead.")
    return _FROM.sub(rf"\1{package}.mlops", text)
