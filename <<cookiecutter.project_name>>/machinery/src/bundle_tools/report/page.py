"""The report as a page in one file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Plot

from mlops.config.load import ProjectConfig
from mlops.model_card.document import (
    Banner,
    Block,
    Cell,
    Chip,
    Document,
    Facts,
    Figure,
    Fold,
    Note,
    Plots,
    Section,
    Table,
    Tone,
)
from mlops.model_card.to_html import html

from . import plots
from .metrics import Metrics

_TONES: Mapping[str, Tone] = {
    "healthy": "good",
    "waiting": "open",
    "undecided": "open",
    "warn": "open",
    "cooling_down": "open",
}
_HEADLINES: Mapping[str, str] = {
    "healthy": "Healthy",
    "waiting": "No window is complete yet",
    "undecided": "Not enough data to decide",
    "warn": "Something has changed",
    "cooling_down": "A training is due, but one started recently",
    "retrain": "The model has become worse: a training was started",
    "no_traffic": "There are no recent predictions",
    "no_data": "There are no metrics",
    "refresh_failed": "The metrics could not be refreshed",
}
_MOST_VERDICTS = 20


def page(title: str, config: ProjectConfig, metrics: Metrics) -> str:
    """Return the report as an HTML page."""
    drawn = dict(_plots(config, metrics))
    sections = [
        Section("Verdict", [_banner(metrics), Facts(metrics.newest)]),
        Section("Over time", [Plots(list(drawn)) if drawn else Note("There are no windows yet.")]),
        Section("Verdicts", [_verdicts(metrics.verdicts)]),
        Section("Rules", list(_rules(metrics.rules))),
        Section("Jobs and endpoint", [_infrastructure(metrics.infrastructure)]),
    ]
    return html(Document(title, config.description, sections), {name: plots.png(plot) for name, plot in drawn.items()})


def _plots(config: ProjectConfig, metrics: Metrics) -> Iterator[tuple[str, Plot]]:
    window = config.monitoring.granularity
    if not metrics.volume.empty:
        yield "volume.png", plots.volume(metrics.volume, window)
    if not metrics.quality.empty:
        yield "quality.png", plots.quality(metrics.quality, metrics.metric, window)
    if not metrics.drift.empty:
        yield "drift.png", plots.drift(metrics.drift, window)


def _banner(metrics: Metrics) -> Banner:
    if metrics.verdicts.empty:
        return Banner("No check has run yet", "open", [], [])
    last = metrics.verdicts.iloc[0]
    status = str(last["status"])
    figures = [
        Figure("checked", *str(last["checked_at"]).split(" ")),
        Figure("champion", f"version {last['model_version']}"),
    ]
    if not metrics.volume.empty:
        figures.append(
            Figure("predictions", f"{int(metrics.volume.sum().sum()):,}", f"in {len(metrics.volume)} windows")
        )
    if not metrics.drift.empty:
        newest = metrics.drift.iloc[-1].dropna()
        figures.append(Figure("greatest drift", f"{newest.max():.2f}", str(newest.idxmax())))
    reasons = [reason for reason in str(last["reason"] or "").split("; ") if reason]
    return Banner(_HEADLINES.get(status, status), _TONES.get(status, "bad"), reasons, figures)


def _verdicts(rows: pd.DataFrame) -> Table:
    shown = rows.head(_MOST_VERDICTS)
    return Table(
        ("checked", "verdict", "champion", "reason"),
        [
            (
                str(row["checked_at"]),
                Chip(str(row["status"]).replace("_", " "), _TONES.get(str(row["status"]), "bad")),
                f"version {row['model_version']}",
                str(row["reason"] or ""),
            )
            for _, row in shown.iterrows()
        ],
    )


def _rules(rows: pd.DataFrame) -> Iterator[Block]:
    head = ("rule", "of", "where", "result", "value", "bound")
    loud = rows[(rows["status"] != "quiet") & ((rows["slice_key"] == "") | (rows["status"] == "breach"))]
    if loud.empty:
        yield Note(f"All {len(rows)} results of the last check are within their bounds.")
    yield Table(head, [_rule(row) for _, row in loud.iterrows()])
    yield Fold(f"All {len(rows)} results", [Table(head, [_rule(row) for _, row in rows.iterrows()])])


def _rule(row: pd.Series[Any]) -> tuple[Cell, ...]:
    status = str(row["status"])
    tone: Tone = {"quiet": "good", "breach": "bad"}.get(status, "open")  # type: ignore[assignment] # one of Tone
    where = f"{row['slice_key']} = {row['slice_value']}" if row["slice_key"] else ""
    chip = Chip(status.replace("_", " "), tone)
    return str(row["rule"]), str(row["column_name"] or ""), where, chip, _number(row["value"]), _number(row["bound"])


def _infrastructure(rows: pd.DataFrame) -> Table:
    return Table(
        ("checked", "measure", "value", "bound"),
        [
            (str(row["checked_at"]), str(row["rule"]), _number(row["value"]), _number(row["bound"]))
            for _, row in rows.iterrows()
        ],
    )


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
