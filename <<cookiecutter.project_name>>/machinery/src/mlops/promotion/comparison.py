"""Compares a candidate with the current champion on the same held-out rows."""

from __future__ import annotations

import json
from dataclasses import replace

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion

from .. import tracking
from ..config.validation import Promotion
from ..errors import ProjectError, first_line
from ..evaluation.metrics import Array
from ..loading import predict
from ..platform.base import Platform
from ..project import Project
from ..registry import uri
from ..statistics.blocks import Blocks, sample
from ..statistics.bootstrap import value_gain
from ..statistics.error_budget import confidence_of
from ..statistics.resampling import Interval, Resampling
from ..validation.candidate import Candidate, holdout
from .decision import Decision, beats, decide, shortfall
from .incumbent import Challenge, Incumbent


class ChampionCannotBeScoredError(ProjectError):
    """The champion, or the naive baseline in its place, could not be evaluated on the held-out rows."""


def compare(
    project: Project, candidate: Candidate, platform: Platform, champion: ModelVersion | None, log_as: str
) -> Decision:
    """Compare the candidate with the champion or, if there is none, with the naive baseline of its training.

    Under the policy `not_worse` it is compared with the best champion so far (`incumbent`). On too few held-out rows
    nothing is compared, and the gate stays closed.

    Args:
        project: Defines the metric, the promotion policy and the business value.
        candidate: The version to compare, with its held-out rows.
        platform: The platform that the rows are read from.
        champion: The champion of this or of another model.
        log_as: The prefix of the incumbent's metrics on the candidate's training run.

    Returns:
        The decision; its records count this challenge on the incumbent.

    Raises:
        ChampionCannotBeScoredError: The champion or the baseline could not be scored on those rows.
        ProjectError: There are no held-out rows.
    """
    settings, policy = project.config, project.config.promotion
    features, label, times = holdout(candidate, settings, platform)
    classes = None if settings.problem_type == "regression" else label
    number = len(settings.classes) or 2
    sampled = sample(times, classes, hours=policy.block_hours, fewest=policy.at_least.blocks, number=number)
    if lacking := shortfall(policy.at_least, sampled):
        return Decision(passed=False, reasons=lacking)
    challenger = predict(candidate.model_uri, features)
    incumbent, predicted = _predictions(project, candidate, champion, features, label)
    challenge = Challenge.of(candidate, incumbent, times)
    # Without a champion, the candidate must beat the naive baseline, whatever the policy says.
    policy = policy if champion else policy.model_copy(update={"policy": "better", "margin": 0})
    policy = policy.model_copy(update={"confidence": confidence_of(policy.confidence, challenge.place)})
    name, gain, values = _measure(project, policy, sampled.block, label, (challenger, predicted))
    _log(candidate.run_id, log_as, settings.measures.evaluate(label, predicted), gain)
    decision = decide(policy, name, gain, *values, incumbent_is=incumbent.name, place=challenge.place)
    return replace(decision, records=challenge.records(promoted=decision.passed, better=beats(gain, values[1])))


def _predictions(
    project: Project, candidate: Candidate, champion: ModelVersion | None, features: pd.DataFrame, label: Array
) -> tuple[Incumbent, Array]:
    """Return the incumbent and its predictions; those of the naive baseline are the constant that training recorded."""
    named, owner = ("the naive baseline", candidate.model_name) if champion is None else ("the champion", champion.name)
    try:
        incumbent = Incumbent.of(champion, project.config.promotion)
        named = incumbent.name
        if incumbent.version is not None:
            predicted = predict(uri(incumbent.version.name, str(incumbent.version.version)), features)
        else:
            constant = np.array(json.loads(mlflow.get_run(candidate.run_id).data.params["naive_baseline"]))
            predicted = np.broadcast_to(constant, project.config.measures.shape(len(features)))
        project.config.measures.evaluate(label, predicted)
    except Exception as error:
        raise ChampionCannotBeScoredError(
            f"{named} of {owner} could not be scored on the held-out rows, so the challenger is not promoted: repair "
            f"or replace it ({first_line(error)})."
        ) from error
    return incumbent, predicted


def _measure(
    project: Project, policy: Promotion, block: Blocks, label: Array, sides: tuple[Array, Array]
) -> tuple[str, Interval, tuple[float, float]]:
    """Return what the policy compares: its name, the gain, and its value for the challenger and the incumbent."""
    kind, metric = project.config.problem_type, project.config.metric
    resampling = Resampling(block, policy.resamples, policy.confidence, policy.seed)
    if policy.policy == "business":
        challenger, incumbent = (project.business_value(kind, label.copy(), side.copy()) for side in sides)
        gain = value_gain(challenger, incumbent, resampling)
        return project.business_unit, gain, (float(np.mean(challenger)), float(np.mean(incumbent)))
    challenger, incumbent = sides
    measures = project.config.measures
    gain = measures.gain(metric, label, challenger, incumbent, resampling)
    return metric, gain, (measures.evaluate(label, challenger)[metric], measures.evaluate(label, incumbent)[metric])


def _log(run_id: str, log_as: str, metrics: dict[str, float], gain: Interval) -> None:
    """Log the incumbent's metrics and the gain on the candidate's training run."""
    ends = {"gain": gain.gain, "gain_low": gain.low, "gain_high": gain.high}
    tracking.log(metrics={f"{log_as}_{name}": value for name, value in (metrics | ends).items()}, run_id=run_id)
