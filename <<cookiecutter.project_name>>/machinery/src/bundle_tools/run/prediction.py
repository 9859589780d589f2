"""Shows what the champion answers for single rows, with everything that it was given: for looking into a prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T  # noqa: N812 - the usual alias
from rich.table import Table

from mlops.config.load import ProjectConfig
from mlops.errors import ProjectError
from mlops.inference.champion import Champion
from mlops.inference.scoring import score
from mlops.project import Project
from mlops.sources.sources import Sources
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

from .. import json_rows

_MOST_ROWS = 10


@dataclass(frozen=True)
class Asked:
    """The rows to predict.

    Attributes:
        key: The key of a row of the source; empty if a file is given.
        file: A JSON file with a row, or a list of rows, of the columns of a request.
    """

    key: str
    file: Path | None

    def rows(self, project: Project, sources: Sources) -> DataFrame:
        """Return the rows with the columns of a request.

        Raises:
            ProjectError: There is no such row, or the file does not hold rows.
        """
        spine = training_set.spine(project, sources).select(*project.config.request)
        if self.file is not None:
            return _of_file(self.file, project.config, spine)
        key = project.config.spine.key
        if not self.key:
            raise ProjectError(f"give the {key} of a row of the source, or a JSON file with a row.")
        rows = spine.where(F.col(key).cast("string") == self.key)
        if not rows.limit(1).count():
            raise ProjectError(f"no row of the source has the {key} {self.key!r}: give the {key} of one that exists.")
        return rows


@dataclass(frozen=True)
class Names:
    """Where a deployment has what a prediction needs: the schema, the model, and the source tables as text."""

    schema: str
    model: str
    source_tables: str


def predictions(project: Project, platform: LocalPlatform, names: Names, request: Asked) -> Iterator[Table]:
    """Yield a table for each row: the request, the features that were looked up or computed, and the prediction.

    Raises:
        ProjectError: There is no champion, or as in `Asked.rows`.
    """
    settings, champion = project.config, Champion.of(names.model)
    sources = Sources.of(names.source_tables, settings.sources, platform.tables)
    rows = request.rows(project, sources)
    champion.require_columns(dict(rows.dtypes))
    store = platform.feature_store(names.schema, settings.feature_tables)
    scored = score(settings, store, champion, rows, "a single request")
    for row in scored.limit(_MOST_ROWS).collect():
        yield _table(settings, champion, row)


def _table(settings: ProjectConfig, champion: Champion, row: Row) -> Table:
    shown = Table(title=f"version {champion.version} of {champion.name}", title_justify="left")
    for heading in ("column", "value", "from"):
        shown.add_column(heading, overflow="fold")
    origins = dict.fromkeys(settings.request, "request")
    for lookup in settings.lookups:
        origins |= dict.fromkeys(lookup.outputs, f"{lookup.table} by {', '.join(lookup.keys)}")
    for function in settings.functions:
        origins[function.output] = f"{function.function}({', '.join(function.inputs.values())})"
    for name in dict.fromkeys([*settings.request, *settings.features]):
        shown.add_row(name, _text(row[name]), origins.get(name, ""))
    shown.add_section()
    for text, probability in row.asDict().get("probabilities", {}).items():
        shown.add_row(f"probability of {text}", _text(probability), "")
    shown.add_row("prediction", f"[bold]{_text(row['prediction'])}[/]", settings.label)
    return shown


def _text(value: Any) -> str:  # noqa: ANN401 - a value of any column
    return f"{value:.6g}" if isinstance(value, float) else "-" if value is None else str(value)


def _of_file(file: Path, settings: ProjectConfig, spine: DataFrame) -> DataFrame:
    rows = json_rows.read(file)
    needed = [name for name in settings.request if name != settings.spine.key]
    for row in rows:
        if missing := [name for name in needed if name not in row]:
            raise ProjectError(f"a row of {file} lacks {', '.join(missing)}: add what is missing; a value may be null.")
    return _with_types(file, rows, spine)


def _with_types(file: Path, rows: Sequence[Mapping[str, Any]], spine: DataFrame) -> DataFrame:
    """Return the rows with the types of the spine; text is cast as Spark does, and must then have a value."""
    names = spine.columns
    text = [tuple(None if row.get(name) is None else _json_text(row[name]) for name in names) for row in rows]
    schema = T.StructType([T.StructField(name, T.StringType()) for name in names])
    frame = spine.sparkSession.createDataFrame(text, schema)
    cast = frame.select(*[F.expr(f"try_cast(`{name}` AS {kind})").alias(name) for name, kind in spine.dtypes])
    for before, after in zip(text, cast.collect(), strict=True):
        for name, value, kind in zip(names, before, dict(spine.dtypes).values(), strict=True):
            if value is not None and after[name] is None:
                raise ProjectError(f"{file} has {value!r} for {name}, which does not fit the type {kind}: correct it.")
    return cast


def _json_text(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    return str(value).lower() if isinstance(value, bool) else str(value)
