"""Imports the package that is yours, from the folder that is checked."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from mlops.errors import ProjectError

from ..run import entry_points


@contextmanager
def importable(root: Path, package: str) -> Iterator[None]:
    """Import the package from this folder inside the `with` block, and what was imported before it after the block."""
    source = str((root / "src").resolve())
    before = _remove(package)
    sys.path.insert(0, source)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(source)
        _remove(package)
        sys.modules.update(before)


def _remove(package: str) -> dict[str, ModuleType]:
    """Forget the modules of a package, and return them."""
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}


def load_tasks(root: Path, package: str) -> entry_points.Tasks:
    """Return the task of each entry point.

    Raises:
        ProjectError: One cannot be imported; the message names the line of your code.
    """
    try:
        return entry_points.load(root)
    except ProjectError as error:
        line = _line_of(error.__cause__, root) if error.__cause__ else ""
        raise ProjectError(f"{line}{error}") from None
    except SyntaxError as error:
        raise ProjectError(f"{_relative(error.filename, root)}: line {error.lineno}: {error.msg}") from None
    except Exception as error:  # noqa: BLE001 - your modules may raise anything when they are imported
        what = f"{type(error).__name__}: {error}"
        raise ProjectError(f"{_line_of(error, root)}{package} cannot be imported: {what}") from None


def _line_of(error: BaseException, root: Path) -> str:
    """Return `file: line number: ` of the last line of the project that led to an error, or an empty string."""
    source = (root / "src").resolve()
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(source)
    ]
    return f"{_relative(frames[-1].filename, root)}: line {frames[-1].lineno}: " if frames else ""


def _relative(filename: str | None, root: Path) -> str:
    path = Path(filename or "")
    return path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root.resolve()) else path.name
