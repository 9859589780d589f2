"""Calls the functions of features.py on empty frames with the declared columns, to learn what columns they return."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from ..config.load import ProjectConfig
from ..config.source import Source
from ..errors import ProjectError, did_you_mean, first_line
from ..tables import frame_of

# How the engines name a column that a frame lacks: Sail, Apache Spark and Databricks, and Spark Connect's own client.
_MISSING = (
    re.compile(r'Identifier\("([^"]+)"\)\]\) is missing'),
    re.compile(r"with name `(?:[^`]+`\.`)*([^`]+)` cannot be resolved"),
    re.compile(r"Cannot find column ['`]?([^'`\s.]+)"),
    re.compile(r"Attribute `([^`]+)` is not supported"),
)


def empty(spark: SparkSession, source: Source) -> DataFrame:
    """Return an empty frame with the columns of a source."""
    return frame_of(spark, [], source.columns)


def columns(
    spark: SparkSession, config: ProjectConfig, name: str, function: Callable[..., DataFrame], sources: Sequence[str]
) -> dict[str, str]:
    """Return the columns of the frame that a function returns, with their Spark types.

    Args:
        spark: A Spark session; nothing is computed.
        config: Declares the columns of the sources.
        name: The name of the function in messages.
        function: The function.
        sources: The sources that it gets, in order.

    Raises:
        ProjectError: The function fails, or does not return a Spark frame.
    """
    frames = [empty(spark, config.sources[source]) for source in sources]
    try:
        returned: Any = function(*frames)
        if isinstance(getattr(returned, "dtypes", None), list):
            return dict(returned.dtypes)
    except Exception as error:
        known = [column for source in sources for column in config.sources[source].columns]
        raise ProjectError(_explanation(name, sources, known, error)) from error
    raise ProjectError(f"{name} returns {type(returned).__name__}, not a Spark frame: return a frame")


def _explanation(name: str, sources: Sequence[str], known: Iterable[str], error: Exception) -> str:
    text = " ".join(str(error).split())
    missing = next((match[1] for pattern in _MISSING if (match := pattern.search(text))), None)
    of = f"source{'s' if len(sources) > 1 else ''} {' and '.join(sources)}"
    if missing is None:
        return f"{name} fails on empty frames with the columns of the {of}: {first_line(error)}"
    if missing in known:
        return f"{name} uses the column {missing!r} where it is not there any more: select it before"
    return f"{name} uses the column {missing!r}, which the {of} does not have{did_you_mean(missing, known)}"
