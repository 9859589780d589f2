"""Checks whether looked-up features were known before the label: does later data change the features of earlier times?

A lookup takes a feature row only if the row's own time is not after the event time. That is of no use if the row's time
is wrong, for example the start of the window that it sums up, or the time of the very event that is to be predicted. So
each feature table is computed twice from the same part of the source: with and without the rows that are not known
before the first held-out event. If a feature row of that time or earlier differs, it contains what was not known then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..config.features import FeatureTable, is_foreign
from ..config.leakage import LOOKUP
from ..config.load import ProjectConfig
from .check import Check
from .leakage_suspects import judge
from .origin import HasOrigin

_HOUR = 3_600_000_000  # microseconds
_WINDOW_HOURS = 168.0  # of a table that does not say how far back it looks
_TIME, _SIDE, _BOTH = "__time", "__side", 3


def lookups_before_the_label(evidence: HasOrigin) -> Iterator[Check]:
    """The features that are looked up at a time are the same without the source rows of later events."""
    settings = evidence.settings
    taken: dict[str, set[str]] = {}
    for lookup in settings.lookups:
        taken.setdefault(lookup.table, set()).update(lookup.features)
    unknown = [name for name in taken if not _arrivals(settings, name)]
    findings = dict(_without_time(settings))
    for name in taken.keys() - set(unknown):
        for feature, rows in _count_dependent_rows(evidence, name, sorted(taken[name])).items():
            says = f"{feature} of {name} differs in {rows} rows if the source rows of later events are left out"
            findings[says] = [LOOKUP, name]
    sound = f"{len(taken) - len(unknown)} of {len(taken)} looked-up tables are the same without later events"
    sound += f"; nothing says when the rows of {', '.join(unknown)} were known" if unknown else ""
    yield judge(LOOKUP, findings, settings.validation.leakage, sound, float(len(findings)), "at most 0")


def _without_time(settings: ProjectConfig) -> Iterator[tuple[str, list[str]]]:
    """Find features of one event that have no time, so that nothing shows whether they came before its label."""
    for lookup in settings.lookups:
        if settings.spine.key in lookup.keys and settings.feature_tables[lookup.table].event_time is None:
            key = settings.spine.key
            says = f"{lookup.table} has no event_time, but is looked up by {key}, the key of what is predicted"
            yield says, [LOOKUP, lookup.table]


def _arrivals(settings: ProjectConfig, name: str) -> dict[str, str]:
    """Return the time column of each source of a feature table that has one: that of the event, or of the increment."""
    if is_foreign(name):
        return {}
    read, increment = settings.table_sources(name), settings.feature_tables[name].increment
    event = {
        source: settings.spine.event_time
        for source in read
        if settings.spine.event_time in settings.sources[source].columns
    }
    return (increment.times(read) if increment is not None else {}) | event


def _count_dependent_rows(evidence: HasOrigin, name: str, features: list[str]) -> dict[str, int]:
    """Return in how many rows of a feature table each feature depends on later source rows, if in any."""
    table, start = evidence.settings.feature_tables[name], evidence.held_out_since
    hours = _WINDOW_HOURS if table.increment is None else table.increment.window_hours
    reach = round((2 * hours + 24) * _HOUR)
    arrivals, read = _arrivals(evidence.settings, name), evidence.settings.table_sources(name)
    sources, compute = evidence.origin.sources(), evidence.origin.feature_tables[name]

    def known(until: int) -> list[DataFrame]:
        """Return the source rows around the first held-out event that are known until a time."""
        frames = dict(zip(read, sources.frames(read), strict=True))
        for source, column in arrivals.items():
            micros = F.unix_micros(F.col(column).cast("timestamp"))
            frames[source] = frames[source].where((micros >= start - reach) & (micros < until))
        return list(frames.values())

    whole = compute(*known(start + reach))
    types = dict(whole.dtypes)
    full = _rows(whole, types, table, features, start, side=1)
    earlier = _rows(compute(*known(start)), types, table, features, start, side=2)
    keys = [*table.keys, *([_TIME] if table.event_time else [])]
    in_both, differs = F.sum(_SIDE) == _BOTH, {feature: _differs(feature) for feature in features}
    # A table without times may get new keys later; what must not change is what it says about a key.
    flags = {
        f: (in_both & differs_here) if table.event_time is None else (~in_both | differs_here)
        for f, differs_here in differs.items()
    }
    grouped = full.unionByName(earlier).groupBy(*map(F.col, keys)).agg(*[flag.alias(f) for f, flag in flags.items()])
    counts = grouped.agg(*[F.count(F.when(F.col(f), 1)).alias(f) for f in features]).collect()[0]
    return {feature: counts[feature] for feature in features if counts[feature]}


def _rows(  # noqa: PLR0913, PLR0917 - what is compared of a feature table
    frame: DataFrame, types: Mapping[str, str], table: FeatureTable, features: list[str], until: int, side: int
) -> DataFrame:
    """Return the feature rows of a time (in microseconds) or before, marked with the side that they belong to."""
    values = [_as_number(feature, types[feature]).alias(feature) for feature in features]
    columns = [*[F.col(key) for key in table.keys], *values, F.lit(side).alias(_SIDE)]
    if table.event_time is None:
        return frame.select(*columns)
    micros = F.unix_micros(F.col(table.event_time))
    return frame.where(micros <= until).select(*columns, micros.alias(_TIME))


def _as_number(feature: str, kind: str) -> Column:
    """Return a number that differs where the values differ: numbers themselves, a hash of everything else."""
    if kind in {"string", "date", "timestamp"}:
        return F.when(F.col(feature).isNotNull(), F.xxhash64(feature).cast("double"))
    return F.col(feature).cast("double")


def _differs(feature: str) -> Column:
    """Return whether the values of a group differ by more than rounding, or some are null and others are not."""
    low, high = F.min(feature), F.max(feature)
    apart = high - low > F.lit(1e-9) * F.greatest(F.abs(low), F.abs(high))
    return F.coalesce(apart, F.lit(False)) | (F.count(feature) % F.count("*") != 0)  # noqa: FBT003 - a literal of Spark
