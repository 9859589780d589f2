"""What is known about a version, for its model card (Mitchell et al., 2019, "Model cards")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..training.inputs import Input
from ..validation.check import Check

SLICE = "slice "


@dataclass(frozen=True)
class ModelCard:
    """What is known about a version. An empty value is not known yet. Times are ISO texts.

    Attributes:
        metric: The metric that decides.
        spans: The first and the last event time of each split.
        data_from: The first event time of all splits, and `data_to` the last, for versions without spans.
        inputs: How the training rows cover the inputs of the model.
        metrics: Metrics by the split that they were measured on, or `baseline` for the naive baseline on held-out rows.
        validation_error: Why the version, which has passed, could not be validated again, if that is so.
        checks: The validation checks.
        champion: The version that is champion now.
        importance: Mean absolute SHAP values by feature, greatest first, in the unit of `importance_of`.
        explanation: Why there is no importance, if the reason is known.
        limits: What the project says that the model should not be used for.
        plots: Paths of the plots among the artifacts of the run.
    """

    name: str
    version: str
    run_id: str
    description: str = ""
    problem_type: str = ""
    label: str = ""
    metric: str = ""
    algorithm: str = ""
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    registered: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    data_from: str = ""
    data_to: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    status: str = ""
    status_time: str = ""
    reasons: str = ""
    validation_error: str = ""
    checks: tuple[Check, ...] = ()
    accepted_leakage: str = ""
    champion: str = ""
    champion_since: str = ""
    decision: str = ""
    comparison: str = ""
    previous_champion: str = ""
    challenged_by: str = ""
    rolled_back: str = ""
    promotion_paused: str = ""
    importance: Mapping[str, float] = field(default_factory=dict)
    importance_of: str = ""
    explanation: str = ""
    limits: str = ""
    owner: str = ""
    git_commit: str = ""
    machinery: str = ""
    plots: tuple[str, ...] = ()

    @property
    def is_champion(self) -> bool:
        """Whether this version is the champion."""
        return self.champion == self.version

    @property
    def successes(self) -> tuple[Check, ...]:
        """The checks that passed; skipped ones are not among them."""
        return tuple(check for check in self.checks if check.passed and not check.skipped)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def slices(self) -> tuple[Check, ...]:
        """The checks of slices."""
        return tuple(check for check in self.checks if check.on_slice or check.name.startswith(SLICE))
