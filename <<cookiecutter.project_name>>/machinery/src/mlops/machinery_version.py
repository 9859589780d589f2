"""The version of the machinery."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path


@cache
def version() -> str:
    """Return the version, such as 1.0.0.

    A project's wheel has it in a file of this package, and a project in `machinery/VERSION`; where the machinery comes
    from a company's index, it is the version of that distribution.
    """
    here = Path(__file__).parent
    for file in (here / "VERSION", here.parents[1] / "VERSION"):
        if file.is_file():
            return file.read_text(encoding="utf-8").strip()
    return metadata.version(metadata.packages_distributions()["mlops"][0])
