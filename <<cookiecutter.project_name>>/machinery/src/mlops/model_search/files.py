"""The files of a search: the winner's model and its search space, ready to take the place of the project's own."""

from __future__ import annotations

import yaml

from ..config.search import Dimension
from .families import YOURS
from .trials import Found, Trial

MODEL, SEARCH = "baseline/model.py", "baseline/search.yml"
_FLOW = 200  # characters of a line, so that each parameter has its own


def winner(results: Found) -> Trial | None:
    """Return the best trial of a family other than the project's own; None if no other could be fitted."""
    return next((trial for trial in results.best if trial.contender.name != YOURS), None)


def model(trial: Trial, run_id: str) -> str:
    """Return the text of the model file, with its origin in a comment."""
    origin = f"# Written by the baseline, run {run_id}. To use it, let it take the place of model.py."
    return f"{origin}\n{trial.contender.text}"


def search(trial: Trial, run_id: str) -> str:
    """Return the block `search` for project.yml, with its origin and the best values in comments."""
    config = trial.contender.project.config
    lines = [
        f"# Written by the baseline, run {run_id}. To use it, let it take the place of `search` in project.yml.",
        f"# Best on the validation rows: {config.metric} {trial.metrics[config.metric]:.6g} with",
        *(f"#   {name}: {_scalar(value)}" for name, value in trial.hyperparameters.items()),
        "search:",
        f"  seed: {config.search.seed}",
        "  space:",
    ]
    for name, dimension in config.search.space.items():
        lines.append(f"    {name}: {flow(dimension)}")
    return "\n".join(lines) + "\n"


def flow(dimension: Dimension) -> str:
    """Return a parameter of a search space as it is written in project.yml, in one line."""
    fields = dimension.model_dump(include=dimension.model_fields_set, mode="json")
    if dimension.type == "int":
        fields |= {"low": int(fields["low"]), "high": int(fields["high"])}
    return yaml.safe_dump(fields, default_flow_style=True, sort_keys=False, width=_FLOW).strip()


def _scalar(value: object) -> str:
    return yaml.safe_dump(value, width=_FLOW).partition("\n")[0]
