"""The model families that the job `baseline` tries, and where each is searched."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..config.search import Search
from ..project import Project
from ..training.model_inputs import Kind
from . import source

log = logging.getLogger(__name__)

YOURS = "your model"

_TREES = {
    "max_features": {"type": "float", "low": 0.2, "high": 1.0},
    "min_samples_leaf": {"type": "int", "low": 1, "high": 50, "log": True},
    "n_estimators": {"value": 100},
}
_BOOSTING = {
    "learning_rate": {"type": "float", "low": 0.02, "high": 0.3, "log": True},
    "max_iter": {"type": "int", "low": 50, "high": 400, "log": True},
    "max_leaf_nodes": {"type": "int", "low": 4, "high": 64, "log": True},
    "min_samples_leaf": {"type": "int", "low": 5, "high": 100, "log": True},
    "l2_regularization": {"type": "float", "low": 0.001, "high": 10.0, "log": True},
}
_LIGHTGBM = {
    "learning_rate": {"type": "float", "low": 0.02, "high": 0.3, "log": True},
    "n_estimators": {"type": "int", "low": 50, "high": 400, "log": True},
    "num_leaves": {"type": "int", "low": 4, "high": 64, "log": True},
    "min_child_samples": {"type": "int", "low": 5, "high": 100, "log": True},
    "reg_lambda": {"type": "float", "low": 0.001, "high": 10.0, "log": True},
    "colsample_bytree": {"type": "float", "low": 0.4, "high": 1.0},
}
# The search space of each family, and the point that is tried first: the defaults of its library, about.
FAMILIES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "linear": ({"alpha": {"type": "float", "low": 0.001, "high": 1000.0, "log": True}}, {"alpha": 1.0}),
    "gradient_boosting": (
        _BOOSTING,
        {"learning_rate": 0.1, "max_iter": 100, "max_leaf_nodes": 31, "min_samples_leaf": 20, "l2_regularization": 0.1},
    ),
    "extra_trees": (_TREES, {"max_features": 0.7, "min_samples_leaf": 3}),
    "lightgbm": (
        _LIGHTGBM,
        {
            "learning_rate": 0.1,
            "n_estimators": 100,
            "num_leaves": 31,
            "min_child_samples": 20,
            "reg_lambda": 0.1,
            "colsample_bytree": 1.0,
        },
    ),
}


@dataclass(frozen=True)
class Contender:
    """A model family with its search space.

    Attributes:
        name: Its name.
        project: The project with the model and the search space of this family in place of its own.
        first: The hyperparameters that are tried first; those that are missing are drawn.
        text: The text of its model file; empty for the project's own.
    """

    name: str
    project: Project
    first: Mapping[str, Any]
    text: str


def contenders(project: Project, kinds: Mapping[str, Kind]) -> Iterator[Contender]:
    """Yield the project's own model and every family whose packages are installed.

    Args:
        project: The project.
        kinds: What each input of the model is, in order.
    """
    config = project.config
    yield Contender(YOURS, project, {}, "")
    for name, (space, first) in FAMILIES.items():
        text = source.model_text(name, kinds)
        try:
            module = source.load_text(text, name)
        except (ImportError, OSError) as error:  # OSError: a library of the system is missing
            log.warning("%s is left out: %s", name, error)
            continue
        search = Search.model_validate({"seed": config.search.seed, "space": space})
        own = replace(
            project,
            config=config.model_copy(update={"search": search}),
            build_model=module.build,
            predict_method=module.PREDICT_METHOD[config.problem_type],
            fit_model=None,
        )
        yield Contender(name, own, first, text)
