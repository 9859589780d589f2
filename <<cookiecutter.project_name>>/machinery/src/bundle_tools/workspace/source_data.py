"""The data for the source tables of a local run: the user's files, or example data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlops.config.features import is_foreign
from mlops.config.load import ProjectConfig
from mlops.errors import ProjectError, did_you_mean
from mlops.project import Project

from . import source_file

_EXAMPLE_ROWS = 10_000


@dataclass(frozen=True)
class SourceData:
    """The data for the source tables.

    Attributes:
        files: A file for the only source, a folder with a file for each source, or `name=file` for each source,
            separated by commas; empty for example data.
        drift_from: First day of drift in the example data.
        rows: Number of example rows.
    """

    files: str = ""
    drift_from: date | None = None
    rows: int | None = None

    @property
    def chosen(self) -> bool:
        """Whether the user asked for specific data; otherwise existing tables are kept."""
        return self != SourceData()

    def read(self, project: Project) -> dict[str, pa.Table]:
        """Return the rows of each source, and of feature tables of other projects, by name.

        Raises:
            ProjectError: As in `source_file.read`, a source has no file, or the example data do not fit the sources.
        """
        config = project.config
        if self.files:
            paths = self.paths(config)
            return {
                name: source_file.read(path, config.sources[name].columns if name in config.sources else None)
                for name, path in paths.items()
            }
        if project.example_data is None:
            raise ProjectError("the project has no example data: give a source file (make lifecycle SOURCE=...).")
        example = project.example_data(self.rows or _EXAMPLE_ROWS, self.drift_from)
        tables = dict(example) if isinstance(example, Mapping) else dict.fromkeys(list(config.sources)[:1], example)
        for name, source in config.sources.items():
            has = tables[name].column_names if name in tables else []
            if missing := [column for column in source.columns if column not in has]:
                raise ProjectError(
                    f"the example data have no column {', '.join(missing)} of the source {name}: give your own data "
                    f"with SOURCE={_shape(config)}, or change the example data in synthetic.py."
                )
        return tables

    def paths(self, config: ProjectConfig) -> dict[str, Path]:
        """Return the file of each source, and of feature tables of other projects.

        Raises:
            ProjectError: A name is unknown, or a source has no file.
        """
        known = [*config.sources, *filter(is_foreign, config.feature_tables)]
        paths = _files_by_name(self.files, known)
        for name in paths:
            if name not in known:
                raise ProjectError(
                    f"SOURCE gives a file for {name!r}, which is not a source{did_you_mean(name, known)}"
                )
        missing = [name for name in config.sources if name not in paths]
        if missing and "=" not in self.files and not Path(self.files).exists():
            raise ProjectError(f"SOURCE={self.files} does not exist: give SOURCE={_shape(config)}.")
        if missing:
            raise ProjectError(
                f"SOURCE={self.files} has no file for {', '.join(missing)}: give SOURCE={_shape(config)}."
            )
        return paths

    def fingerprint(self, project: Project) -> dict[str, Any]:
        """Return values that identify this data and the configured columns, without reading the data."""
        values: dict[str, Any] = {
            "columns": str({name: source.columns for name, source in project.config.sources.items()})
        }
        if self.drift_from is not None:
            values["drift_from"] = str(self.drift_from)
        if self.rows is not None:
            values["rows"] = str(self.rows)
        for name, path in self.paths(project.config).items() if self.files else ():
            if path.is_file():
                stat = path.stat()
                values[name] = [str(path.resolve()), stat.st_size, stat.st_mtime_ns]
        return values

    def __str__(self) -> str:
        if self.files:
            return self.files
        drift = f", drifted from {self.drift_from}" if self.drift_from else ""
        return f"example data{drift}"


def _files_by_name(files: str, known: list[str]) -> dict[str, Path]:
    """Return the file of each name."""
    if "=" in files and not Path(files).exists():
        parts = [part.partition("=") for part in files.split(",")]
        return {name.strip(): Path(path.strip()) for name, _, path in parts}
    if Path(files).is_dir():
        paths = sorted(path for path in Path(files).iterdir() if path.suffix.lower() in source_file.SUFFIXES)
        return {path.stem: path for path in paths if path.stem in known}
    return {known[0]: Path(files)}


def _shape(config: ProjectConfig) -> str:
    """Return what SOURCE looks like for these sources and the feature tables of other projects."""
    names = [*config.sources, *filter(is_foreign, config.feature_tables)]
    if len(names) == 1:
        return "rows.parquet"
    return ",".join(f"{name}={name}.parquet" for name in names) + ", or a folder with these files"
