"""The source tables of a run: the names of project.yml, each with its three-level table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from ..config.sources import parse_tables
from ..errors import ProjectError, did_you_mean
from ..tables import Tables


@dataclass(frozen=True)
class Sources:
    """The source tables of a run.

    Attributes:
        tables: Reads the tables.
        names: The three-level name of the table of each source, in the order of the configuration.
        versions: The version in which the table of a source is read; that of a source without one is the newest.
    """

    tables: Tables
    names: Mapping[str, str]
    versions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, declared: Iterable[str], tables: Tables) -> Sources:
        """Return the sources of the configuration with the tables that a task parameter gives them.

        Raises:
            ProjectError: The text gives no table to a source, or one to a source that is not declared.
        """
        wanted = list(declared)
        try:
            tables_by_source = parse_tables(text)
        except ValueError as error:
            raise ProjectError(f"source_tables {text!r}: {error}.") from None
        for name in tables_by_source:
            if name not in wanted:
                raise ProjectError(
                    f"source_tables names {name!r}, which is not a source of project.yml{did_you_mean(name, wanted)}"
                )
        missing = [name for name in wanted if name not in tables_by_source]
        if missing:
            raise ProjectError(
                f"source_tables gives no table to {', '.join(missing)}, which project.yml declares: add it to the "
                "variable source_tables in databricks.yml."
            )
        return cls(tables, {name: tables_by_source[name] for name in wanted})

    def frame(self, name: str) -> DataFrame:
        """Return the table of a source.

        Raises:
            ProjectError: There is no such table.
        """
        return self.tables.read(self.names[name], self.versions.get(name, ""))

    def frames(self, names: Iterable[str]) -> list[DataFrame]:
        """Return the tables of some sources, in this order."""
        return [self.frame(name) for name in names]

    def version(self, name: str) -> str:
        """Return the current version of the table of a source."""
        return self.tables.version(self.names[name])

    def __str__(self) -> str:
        return " ".join(f"{name}={table}" for name, table in self.names.items())
