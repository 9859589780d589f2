"""Builds and fits one model: any estimator with the interface of scikit-learn."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ..errors import ProjectError, first_line
from ..evaluation.metrics import Array, as_predictions
from ..project import Project, Rows
from .model_inputs import ModelInputs, TypedModel
from .rows import of_split

# With few rows, OpenMP threads cost more time than they save, and ten times as much on a busy machine.
_ROWS_WORTH_THREADS = 50_000
_WEIGHT = "sample_weight"


def fit(project: Project, rows: dict[str, pd.DataFrame], hyperparameters: dict[str, Any]) -> Any:  # noqa: ANN401 - any
    """Return a model fitted to the train rows; `fit` of model.py, if there is one, also sees the validation rows.

    It gives the project's own estimator the inputs in their types, whatever frame they come in.

    Raises:
        ProjectError: The estimator does not take the hyperparameters or weights, or `fit` of model.py returns nothing.
    """
    config = project.config
    estimator = _build(project, hyperparameters)
    threads = None if len(rows["train"]) >= _ROWS_WORTH_THREADS else 1
    train = of_split(config, rows["train"], "train")
    with threadpool_limits(threads, user_api="openmp"):
        if project.fit_model is None:
            fitted = estimator.fit(train.features, train.label, **weights_of(estimator, train))
        else:
            fitted = project.fit_model(estimator, train, of_split(config, rows["validation"], "validation"))
    if fitted is None:
        raise ProjectError("fit of model.py returns nothing: let it return the fitted estimator.")
    return TypedModel(ModelInputs().fit(train.features), fitted)


def weights_of(estimator: Any, rows: Rows) -> dict[str, Array]:  # noqa: ANN401 - an estimator of any library
    """Return the argument that passes the rows' weights to `fit` of an estimator, or of a pipeline's last step.

    Raises:
        ProjectError: The rows have weights, but the estimator does not take them.
    """
    if rows.weights is None:
        return {}
    step, last = last_step(estimator)
    if not has_fit_parameter(last, _WEIGHT):
        raise ProjectError(
            f"training.weights is set, but {type(last).__name__} does not take {_WEIGHT}: choose another estimator in "
            "model.py, pass the weights on in a function fit of model.py, or remove training.weights."
        )
    return {f"{step}{_WEIGHT}": rows.weights}


def last_step(estimator: Any) -> tuple[str, Any]:  # noqa: ANN401 - an estimator of any library
    """Return the estimator that predicts, and the prefix of its parameters such as `model__`, within pipelines."""
    estimator = estimator.model if isinstance(estimator, TypedModel) else estimator
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def predict(project: Project, estimator: Any, rows: pd.DataFrame) -> Array:  # noqa: ANN401 - as above
    """Return the predictions, shape (rows,), of a model in memory.

    Raises:
        ProjectError: The estimator lacks the method that the registered model calls.
    """
    method = getattr(estimator, project.predict_method, None)
    if method is None:
        raise ProjectError(
            f"{type(last_step(estimator)[1]).__name__} has no method {project.predict_method}: choose another "
            "estimator, or change PREDICT_METHOD in model.py."
        )
    return as_predictions(method(rows[list(project.config.features)]))


def _build(project: Project, hyperparameters: dict[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any library
    config = project.config
    try:
        estimator = project.build_model(config.problem_type, hyperparameters, config.search.seed)
    except (TypeError, ValueError) as error:
        refused = [name for name in hyperparameters if f"'{name}'" in str(error) or f"'{_own(name)}'" in str(error)]
        if not refused:
            raise
        named = f"the hyperparameter {refused[0]} ({first_line(error)})"
        raise ProjectError(f"build of model.py does not take {named}: correct search.space.") from error
    if not callable(getattr(estimator, "fit", None)):
        raise ProjectError(f"build of model.py returns {estimator!r}: let it return an estimator that has fit.")
    return estimator


def _own(name: str) -> str:
    """Return the name of a step's parameter, without the step."""
    return name.rpartition("__")[2]
