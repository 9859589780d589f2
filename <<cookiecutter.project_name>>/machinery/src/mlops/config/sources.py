"""Which source tables the spine and the feature tables read, and the tables that stand for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..errors import did_you_mean
from .features import FeatureTable, SourceTimes, Spine, is_foreign
from .source import Source

_TIMES = ("timestamp", "date")
_TABLE = re.compile(r"[^\s.=]+(?:\.[^\s.=]+){2}")


def parse_tables(text: str) -> dict[str, str]:
    """Return the table of each source from a text such as `orders=main.shop.orders visits=main.web.visits`.

    Raises:
        ValueError: A part of the text is not `name=catalog.schema.table`, or a name is given twice.
    """
    tables: dict[str, str] = {}
    for part in text.split():
        name, _, table = part.partition("=")
        if not (name and _TABLE.fullmatch(table)):
            raise ValueError(f"{part!r} is not name=catalog.schema.table; several are separated by spaces")
        if name in tables:
            raise ValueError(f"{name!r} is given twice")
        tables[name] = table
    return tables


def read_by(part: Spine | FeatureTable, sources: Iterable[str]) -> tuple[str, ...]:
    """Return the sources that a function of features.py takes, in order: those that its part names, or all."""
    return part.sources or tuple(sources)


def require_sources(sources: Mapping[str, Source], spine: Spine, feature_tables: Mapping[str, FeatureTable]) -> None:
    """Make sure that every part of the configuration reads sources and columns that are declared.

    Raises:
        ValueError: There is no source, a part reads an unknown source or must say which it reads, a table of another
            project has settings that only an own table has, or an increment names an unknown column.
    """
    if not sources:
        raise ValueError("sources is empty: declare the source table")
    for name in sources:
        if not name.isidentifier():
            raise ValueError(f"sources.{name}: use letters, digits and underscores, as in a name of Python")
    _require_named("spine", spine, sources)
    for name, table in feature_tables.items():
        where = f"feature_tables.{name}"
        if is_foreign(name):
            _require_read_only(where, name, table)
            continue
        _require_named(where, table, sources)
        if table.increment is not None:
            require_times(f"{where}.increment", table.increment, read_by(table, sources), sources)


def _require_named(where: str, part: Spine | FeatureTable, sources: Mapping[str, Source]) -> None:
    if not part.sources and len(sources) > 1:
        raise ValueError(f"{where} does not say which sources it reads: add sources, some of {', '.join(sources)}")
    for name in part.sources:
        if name not in sources:
            raise ValueError(f"{where}.sources names {name!r}, which is not in sources{did_you_mean(name, sources)}")
    if len(set(part.sources)) < len(part.sources):
        raise ValueError(f"{where}.sources names a source twice")


def _require_read_only(where: str, name: str, table: FeatureTable) -> None:
    if len(name.split(".")) > 3 or not all(name.split(".")):  # noqa: PLR2004 - catalog, schema and table
        raise ValueError(f"{where}: a table of another project is named schema.table or catalog.schema.table")
    if table.sources or table.increment is not None:
        raise ValueError(f"{where} belongs to another project, which computes it: remove sources and increment")


def require_times(where: str, times: SourceTimes, read: Sequence[str], sources: Mapping[str, Source]) -> None:
    """Make sure that `source_time` names columns with times of the sources that are read.

    Raises:
        ValueError: It does not.
    """
    if isinstance(times.source_time, str) and len(read) > 1:
        raise ValueError(f"{where}.source_time must give the time column of each source, such as {{{read[0]}: column}}")
    if isinstance(times.source_time, dict):
        if not times.source_time:
            raise ValueError(
                f"{where}.source_time is empty: give the time column of a source, or remove {where.rpartition('.')[2]}"
            )
        for name in times.source_time:
            if name not in read:
                raise ValueError(f"{where}.source_time names {name!r}, which is not read there")
    for name, column in times.times(read).items():
        columns = sources[name].columns
        if column not in columns:
            hint = did_you_mean(column, columns)
            raise ValueError(f"{where}.source_time: the source {name} has no column {column!r}{hint}")
        if columns[column] not in _TIMES:
            raise ValueError(f"{where}.source_time: {column} of {name} is {columns[column]}, not a timestamp or date")
