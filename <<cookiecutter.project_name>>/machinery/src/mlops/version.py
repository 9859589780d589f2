"""The version of the machinery."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def version() -> str:
    """Return the version, such as 1.0.0: from the file VERSION, which an installation has in the package itself."""
    here = Path(__file__).parent
    file = next(path for path in (here / "VERSION", here.parents[1] / "VERSION") if path.is_file())
    return file.read_text(encoding="utf-8").strip()
