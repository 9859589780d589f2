"""The jobs of integration, in order. To add a job of the bundle, add one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlops.errors import ProjectError, did_you_mean

from ..bundle.load import Bundle
from ..workspace.workspace import source_tables
from .limits import Limits


@dataclass(frozen=True)
class Step:
    """A job to run, with the parameters that bound it."""

    job: str
    parameters: Callable[[Bundle, Limits], Mapping[str, str]] = lambda _, __: {}


def sampled_tables(bundle: Bundle) -> dict[str, str]:
    """Return the sample of each source, which the job `snapshot` writes, by the name of the source."""
    schema = snapshot_schema(bundle)
    return {name: f"{schema}.{table.rsplit('.', maxsplit=1)[-1]}" for name, table in source_tables(bundle).items()}


def snapshot_schema(bundle: Bundle) -> str:
    """Return the two-level name of the schema that the job `snapshot` writes."""
    (task,) = bundle.jobs["snapshot"]["tasks"]
    return str(task["python_wheel_task"]["named_parameters"]["snapshot_schema"])


def _on_samples(bundle: Bundle) -> str:
    return " ".join(f"{name}={table}" for name, table in sampled_tables(bundle).items())


def steps(bundle: Bundle) -> tuple[Step, ...]:
    """Return the jobs to run, in order."""
    return (
        # First: within minutes it says why the others would fail.
        Step("probe"),
        Step("snapshot", lambda _, limits: {"rows": str(limits.rows)}),
        Step("lifecycle", lambda bundle, limits: {"source_tables": _on_samples(bundle), "trials": str(limits.trials)}),
        # Again: every row has its prediction, so this run must add none.
        Step(_inference(bundle), lambda bundle, _: {"source_tables": _on_samples(bundle)}),
    )


def _inference(bundle: Bundle) -> str:
    """Return the key of the job that scores rows: in batches or as a stream."""
    return next((key for key in ("batch_inference", "stream_inference") if key in bundle.jobs), "batch_inference")


def require(bundle: Bundle, chosen: tuple[Step, ...]) -> None:
    """Make sure that the bundle has the job of every step.

    Raises:
        ProjectError: A job is missing.
    """
    for step in chosen:
        if step.job not in bundle.jobs:
            raise ProjectError(
                f"integration runs the job {step.job!r}, which the bundle does not have"
                f"{did_you_mean(step.job, bundle.jobs)} in machinery/src/bundle_tools/integration/steps.py"
            )
