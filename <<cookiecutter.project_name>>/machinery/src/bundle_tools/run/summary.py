"""The summary of a local run: the champion with its metrics, what was scored, and the verdict of monitoring."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import mlflow
from rich.console import RenderableType
from rich.table import Table

from mlops.config.load import ProjectConfig
from mlops.registry import CHALLENGED_BY, Registry

from ..baseline import board
from ..bundle.load import Bundle
from ..workspace.workspace import model_name
from .progress import leaves
from .runs import JobRun


def summary(bundle: Bundle, settings: ProjectConfig, run: JobRun) -> Iterator[RenderableType]:
    """Yield the results: a comparison, a snapshot, a probe, a leaderboard, or else champions; rows scored; the verdict.

    A version of this run that was not promoted is named with the reason.
    """
    values = [task.values for task in leaves(run)]
    shown: list[RenderableType] = [f"compared: {result['comparison']}" for result in values if "comparison" in result]
    shown += [_snapshot(result) for result in values if "snapshot_schema" in result]
    shown += [f"probe: {result['probe']}" for result in values if "probe" in result]
    shown += [board.table(result["baseline_run_id"]) for result in values if "baseline_run_id" in result]
    yield from shown
    if not shown:
        yield from _champions(
            bundle, settings, {result["model_version"] for result in values if "model_version" in result}
        )
    scored = [int(result["rows_scored"]) for result in values if "rows_scored" in result]
    if scored:
        yield f"rows scored: {sum(scored):,}"
    yield from (_quarantine(result) for result in values if result.get("rows_quarantined", "0") != "0")
    yield from (f"monitoring: {_verdict(result)}" for result in values if "verdict" in result)


def _verdict(values: Mapping[str, str]) -> str:
    words = values["verdict"].replace("_", " ")
    return f"{words} ({values['reason']})" if values["reason"] else words


def _snapshot(values: Mapping[str, str]) -> str:
    rows, predictions = int(values["source_rows"]), int(values["prediction_rows"])
    return f"snapshot {values['snapshot_schema']}: {rows:,} rows, {predictions:,} predictions"


def _quarantine(values: Mapping[str, str]) -> str:
    return f"rows in quarantine: {int(values['rows_quarantined']):,} ({values['quarantine_reasons']})"


def _champions(bundle: Bundle, settings: ProjectConfig, trained: Collection[str]) -> Iterator[RenderableType]:
    for key in bundle.config["resources"].get("registered_models", {}):
        name = model_name(bundle, key)
        champion = Registry(name).champion()
        if champion is None:
            yield f"champion of {name}: none yet; run the training job"
            continue
        yield f"champion of {name}: version {champion.version}"
        challenged = str(champion.tags.get(CHALLENGED_BY, ""))
        if challenged.startswith(tuple(f"version {version}," for version in trained)):
            yield challenged
        yield _metrics(settings, str(champion.run_id))


def _metrics(settings: ProjectConfig, run_id: str) -> Table:
    metrics = mlflow.get_run(run_id).data.metrics
    shown = Table("held-out rows", "champion", "naive baseline")
    for name in dict.fromkeys([settings.metric, *settings.validation.metrics]):
        model, naive = metrics.get(f"holdout_{name}"), metrics.get(f"baseline_holdout_{name}")
        if model is not None and naive is not None:
            shown.add_row(name, f"{model:.4g}", f"{naive:.4g}")
    return shown
