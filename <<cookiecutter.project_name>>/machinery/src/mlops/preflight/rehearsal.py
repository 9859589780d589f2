"""Fits the model to made-up rows with the types of its inputs, and predicts them, as training and scoring will do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ..config.load import ProjectConfig
from ..errors import ProjectError, did_you_mean, first_line
from ..evaluation.metrics import Array
from ..project import Project
from ..training import search
from ..training.fitting import fit, predict
from ..training.model_inputs import Kind, convert, kinds_of

_ROWS = 200
_ARGUMENT = re.compile(r"unexpected keyword argument '(\w+)'|[Ii]nvalid parameter '(\w+)'")


def problems(project: Project, types: Mapping[str, str]) -> Iterator[str]:
    """Yield what goes wrong, a sentence each.

    Args:
        project: The project.
        types: The Spark types of the inputs of the model.
    """
    kinds = kinds_of({name: types[name] for name in project.config.features if name in types})
    if len(kinds) < len(project.config.features):
        return  # the columns of a feature table of another project are not known before it exists
    rows = example_rows(project, kinds)
    for hyperparameters in search.corners(project.config.search):
        try:
            estimator = fit(project, {"train": rows, "validation": rows}, hyperparameters)
            search.measure(project, estimator, rows)
            predicted = predict(project, estimator, rows)
        except Exception as error:  # noqa: BLE001 - whatever the model raises is the mistake
            yield _explanation(project, hyperparameters, kinds, error)
            return
    yield from _business(project, rows[project.config.label].to_numpy(), predicted)


def example_rows(project: Project, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Return rows of made-up values of these kinds, with a label; looked-up features are missing in some of them."""
    config = project.config
    random = np.random.default_rng(0)
    rows = pd.DataFrame({name: _values(kind, random) for name, kind in kinds.items()})
    looked_up = [name for lookup in config.lookups for name in lookup.outputs]
    rows.loc[random.random(_ROWS) < 0.1, looked_up] = None  # noqa: PLR2004 - a tenth of the rows
    typed = convert(rows, kinds).assign(**{config.label: example_labels(config)})
    return typed.assign(**{config.training.weight_column: 1.0}) if config.training.weight_column else typed


def example_labels(config: ProjectConfig) -> Array:
    """Return made-up labels, shape (rows,): values, or the numbers of all classes."""
    if config.problem_type == "regression":
        return np.random.default_rng(1).normal(size=_ROWS)
    return np.asarray(np.arange(_ROWS) % max(len(config.classes), 2), dtype=np.float64)


def _values(kind: Kind, random: np.random.Generator) -> object:
    if kind == "number":
        return random.uniform(0, 10, _ROWS)
    if kind == "text":
        return random.choice(["a", "b", "c"], _ROWS)
    return pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(_ROWS), unit="D")


def _business(project: Project, label: Array, predicted: Array) -> Iterator[str]:
    try:
        value = np.asarray(project.business_value(project.config.problem_type, label, predicted), dtype="float64")
    except Exception as error:  # noqa: BLE001 - whatever the function raises is the mistake
        yield f"business.value fails on made-up labels and predictions: {first_line(error)}"
        return
    if value.shape != label.shape:
        yield f"business.value returns an array of shape {value.shape} for {len(label)} predictions: return one each"


def _explanation(
    project: Project, hyperparameters: Mapping[str, object], kinds: Mapping[str, Kind], error: Exception
) -> str:
    unknown = _ARGUMENT.search(str(error.__cause__ or error))
    name = next((value for value in unknown.groups() if value), "") if unknown else ""
    if name in hyperparameters:
        return f"search.space names {name!r}, which the model of model.py does not have{_hint(project, name)}"
    if isinstance(error, ProjectError):
        return str(error).rstrip(".")
    texts, times = ([column for column, kind in kinds.items() if kind == wanted] for wanted in ("text", "time"))
    inputs = [f"text in {', '.join(texts)}"] if texts else []
    inputs += [f"times in {', '.join(times)}"] if times else []
    also = f"; besides numbers it gets {' and '.join(inputs)}" if inputs else ""
    tried = _as_text(hyperparameters)
    return f"model.py: the model cannot be fitted to made-up rows with {tried}: {first_line(error)}{also}"


def _hint(project: Project, name: str) -> str:
    try:
        built = project.build_model(project.config.problem_type, {}, project.config.search.seed)
        known = [parameter.rpartition("__")[2] for parameter in built.get_params()]
    except Exception:  # noqa: BLE001 - without a model there is no hint
        return ": remove it, or let build accept it"
    return did_you_mean(name, known)


def _as_text(hyperparameters: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in hyperparameters.items()
    )
