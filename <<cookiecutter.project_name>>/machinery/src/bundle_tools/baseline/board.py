"""The leaderboard of a model search as a table for the terminal."""

from __future__ import annotations

import mlflow
from rich.table import Table

from mlops.model_search import leaderboard
from mlops.model_search.leaderboard import Line


def table(run_id: str) -> Table:
    """Return the leaderboard that a run has logged."""
    metric, lines = leaderboard.of_json(mlflow.artifacts.load_dict(f"runs:/{run_id}/{leaderboard.FILE}"))
    shown = Table(title=f"{metric}, with the confidence interval of the held-out rows", title_justify="left")
    shown.add_column("model", no_wrap=True)
    for name in ("trials", "validation", "held out", "better than yours by", "fit s", "ms / 1,000 rows", "MB"):
        shown.add_column(name)
    for line in lines:
        shown.add_row(
            line.model,
            str(line.trials or ""),
            _number(line.validation),
            _held_out(line),
            line.gain,
            _number(line.fit_seconds),
            _number(line.predict_ms),
            _number(line.megabytes),
        )
    return shown


def _held_out(line: Line) -> str:
    if line.low is None or line.high is None:
        return _number(line.holdout)
    return f"{line.holdout:.4g} [{line.low:.4g}, {line.high:.4g}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
