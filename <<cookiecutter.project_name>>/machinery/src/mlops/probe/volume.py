"""Whether files in the volume can be written, renamed and read as the machinery does, and a file be replaced."""

from __future__ import annotations

import shutil

from ..errors import ProjectError, first_line
from .job import Job


def files(probed: Job) -> str:
    """Write a file, read it, list it and remove it; say also whether renaming over another file works.

    Nothing depends on renaming: it is not documented to work in a volume.
    """
    folder = probed.platform.volume(probed.folder)
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier probe left that was killed
    folder.mkdir(parents=True)
    try:
        old, new = folder / "old.txt", folder / "new.txt"
        for file, text in ((old, "old"), (new, "new")):
            file.write_text(text, encoding="utf-8")
            if file.read_text(encoding="utf-8") != text:
                raise ProjectError(f"{file} does not contain what was written to it")
        names = sorted(file.name for file in folder.iterdir())
        if names != ["new.txt", "old.txt"]:
            raise ProjectError(f"{folder} lists {', '.join(names) or 'nothing'} instead of the two files written to it")
        try:
            new.replace(old)
            over = "works" if old.read_text(encoding="utf-8") == "new" else "leaves the old file"
        except OSError as error:
            over = f"does not work ({first_line(error)})"
        for file in folder.iterdir():
            file.unlink()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return f"{probed.volume}: writing, reading, listing and removing files works; renaming over a file {over}"
