"""What must be true after the jobs have run: tables have the rows, the version its evidence, the champion its alias."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mlops.registry import STATUS_TAG

from ..workspace.workspace import model_name, own_schema
from . import serving_checks
from .check import Check
from .evidence import Evidence
from .model_versions import champion, tags
from .runs import JobResult
from .steps import sampled_tables


def tasks(evidence: Evidence) -> Iterator[Check]:
    """Every task of every job ran and succeeded."""
    yield from tasks_of(evidence.runs)


def tasks_of(runs: Sequence[JobResult]) -> Iterator[Check]:
    """Return for each job whether all of its tasks succeeded."""
    for run in runs:
        bad = [f"{task.path} {task.state}" for task in run.tasks if task.state != "SUCCESS"]
        holds = run.succeeded and bool(run.tasks) and not bad
        yield Check(f"job {run.job}", holds, ", ".join(bad) or f"{len(run.tasks)} tasks, {run.state}")


def samples(evidence: Evidence) -> Iterator[Check]:
    """The sample of each source has rows, and not more than the limit."""
    for name, table in sampled_tables(evidence.bundle).items():
        rows = int(evidence.warehouse.row(table, "count(*) AS rows")["rows"] or 0)
        yield Check(f"sample of {name}", 0 < rows <= evidence.limits.rows, f"{rows:,} rows of {evidence.limits.rows:,}")


def feature_tables(evidence: Evidence) -> Iterator[Check]:
    """Each feature table of the project has rows, one for each key."""
    for name, table in evidence.config.own_tables.items():
        keys = ", ".join(f"`{key}`" for key in table.primary_keys)
        row = evidence.warehouse.row(
            f"{own_schema(evidence.bundle)}.{name}", "count(*) AS rows", f"count(DISTINCT {keys}) AS distinct_keys"
        )
        rows, distinct = int(row["rows"] or 0), int(row["distinct_keys"] or 0)
        yield Check(f"feature table {name}", rows > 0 and rows == distinct, f"{rows:,} rows, {distinct:,} keys")


def predictions(evidence: Evidence) -> Iterator[Check]:
    """Each row of the sample has at most one prediction, none is empty, and all are the champion's."""
    key, prediction = evidence.config.spine.key, "prediction"
    table = str(evidence.bundle.variables["predictions_table"])
    row = evidence.warehouse.row(
        table,
        "count(*) AS rows",
        f"count(DISTINCT `{key}`) AS distinct_keys",
        f"count(`{prediction}`) AS predicted",
        "min(model_version) AS first_version",
        "max(model_version) AS last_version",
    )
    rows, distinct, predicted = (int(row[name] or 0) for name in ("rows", "distinct_keys", "predicted"))
    versions = {row["first_version"], row["last_version"]}
    detail = f"{rows:,} rows, {distinct:,} keys, {predicted:,} predictions, version {' '.join(map(str, versions))}"
    holds = 0 < rows <= evidence.limits.rows and rows == distinct == predicted
    yield Check("predictions", holds, detail)
    yield Check("predictions by the champion", versions == {champion(evidence.client, next(_models(evidence)))}, detail)


def versions(evidence: Evidence) -> Iterator[Check]:
    """The version that training registered has passed validation and is the champion."""
    trained = evidence.parameter("lifecycle/training/validate", "model_version")
    for name in _models(evidence):
        status = tags(evidence.client, name, trained).get(STATUS_TAG, "no status")
        yield Check(f"version {trained} of {name}", status == "PASSED", f"{STATUS_TAG} {status}")
        now = champion(evidence.client, name)
        yield Check(f"champion of {name}", now == trained, f"version {now}" if now else "none")


ALL: tuple[Callable[[Evidence], Iterator[Check]], ...] = (
    tasks,
    samples,
    feature_tables,
    versions,
    predictions,
    serving_checks.endpoint,
    serving_checks.load,
)


def run(evidence: Evidence, checks: Sequence[Callable[[Evidence], Iterator[Check]]] = ALL) -> list[Check]:
    """Return the result of every check; one that cannot be made does not hold."""
    results: list[Check] = []
    for check in checks:
        try:
            results += check(evidence)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the promise is not kept
            name = check.__name__.replace("_", " ")
            results.append(Check(name, holds=False, detail=f"{type(error).__name__}: {error}"))
    return results


def _models(evidence: Evidence) -> Iterator[str]:
    for key in evidence.bundle.config["resources"]["registered_models"]:
        yield model_name(evidence.bundle, key)
