"""The files of a search: the winner's model and its search space, ready to take the place of the project's own."""

from __future__ import annotations

import yaml

from ..config.search import Dimension
from .families import YOURS
from .trials import Found, Trial

MODEL, SEARCH = "baseline/model.py", "baseline/search.yml"
_FLOW = 200  # characters of a line, so that each parameter has its own


def winner(found: Found) -> Trial | None:
    """Return the best trial of a family other than the project's own; None if no other could be fitted."""
    return next((one for one in found.best if one.contender.name != YOURS), None)


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
    for name, one in config.search.space.items():
        lines.append(f"    {name}: {flow(one)}")
    return "\n".join(lines) + "\n"


def flow(one: Dimension) -> str:
    """Return a parameter of a search space as it is written in project.yml, in one line."""
    given = one.model_dump(include=one.model_fields_set, mode="json")
    if one.type == "int":
        given |= {"low": int(given["low"]), "high": int(given["high"])}
    return yaml.safe_dump(given, default_flow_style=True, sort_keys=False, width=_FLOW).strip()


def _scalar(value: object) -> str:
    return yaml.safe_dump(value, width=_FLOW).partition("\n")[0]
