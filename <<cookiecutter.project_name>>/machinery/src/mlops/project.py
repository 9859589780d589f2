"""The definition of a project: all of your code and configuration, as one frozen value that the machinery receives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from .errors import ProjectError

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from sklearn.base import BaseEstimator

    from .config.load import ProjectConfig
    from .evaluation.metrics import Array, ProblemType


class BuildModel(Protocol):
    """Returns an untrained estimator: `build` of model.py."""

    def __call__(self, problem_type: ProblemType, hyperparameters: Mapping[str, Any], seed: int) -> BaseEstimator:
        """Return an estimator with the interface of scikit-learn."""


@dataclass(frozen=True)
class Rows:
    """The rows of one split, as `fit` of model.py receives them.

    Attributes:
        features: The model's inputs, shape (rows, inputs).
        label: Shape (rows,).
        weights: Shape (rows,): how much each row counts; None if all count the same.
    """

    features: pd.DataFrame
    label: pd.Series[float]
    weights: Array | None = None


class FitModel(Protocol):
    """Fits an estimator: `fit` of model.py, which is optional. It may use the validation rows to stop early."""

    def __call__(self, estimator: Any, train: Rows, validation: Rows) -> Any:  # noqa: ANN401 - an estimator of any library
        """Fit the estimator that `build` returned to the train rows, and return it."""


class BusinessValue(Protocol):
    """Returns the business value of each prediction: `value` of business.py."""

    def __call__(self, problem_type: ProblemType, label: Array, prediction: Array) -> Array:
        """Return the value, shape (rows,), of predictions, shape (rows,) or (rows, classes), given labels, (rows,)."""


class ExampleData(Protocol):
    """Returns example rows of the source tables, for local runs without a source file."""

    def __call__(self, rows: int, drift_from: date | None) -> pa.Table | Mapping[str, pa.Table]:
        """Return this number of rows. If `drift_from` is given, the rows from that day on have drifted.

        Returns:
            The rows of the only source, or a table for each source and for each feature table of another project, by
            name.
        """


@dataclass(frozen=True)
class Project:
    """Your code and configuration.

    Attributes:
        config: The configuration in project.yml.
        spine: Takes its source tables and returns the rows to predict.
        feature_tables: The functions that compute feature tables from their source tables, by name.
        functions: The functions that compute on-demand features, by name.
        build_model: Returns an untrained model.
        fit_model: Fits a model; None for `estimator.fit(X, y)`.
        predict_method: The method of the estimator that the registered model calls to predict.
        checks: The project's own checks, by name. Each computes one number from the evidence.
        business_value: Returns the business value of predictions.
        business_unit: The unit of that value.
        example_data: Returns example rows of the source tables; None if the project has none.
    """

    config: ProjectConfig
    spine: Callable[..., DataFrame]
    feature_tables: Mapping[str, Callable[..., DataFrame]]
    functions: Mapping[str, Callable[..., Any]]
    build_model: BuildModel
    predict_method: str
    checks: Mapping[str, Callable[[Any], float]]
    business_value: BusinessValue
    business_unit: str
    example_data: ExampleData | None = None
    fit_model: FitModel | None = None

    @property
    def packages(self) -> frozenset[str]:
        """The top-level packages of the project itself: yours and the machinery, which are one in the wheel."""
        return frozenset(name.partition(".")[0] for name in (self.build_model.__module__, __name__))

    @classmethod
    def of(  # noqa: PLR0913 - one argument for each file of the project
        cls,
        config: ProjectConfig,
        *,
        features: ModuleType,
        functions: ModuleType,
        model: ModuleType,
        checks: ModuleType,
        business: ModuleType,
        example_data: ExampleData | None = None,
    ) -> Project:
        """Build the project from the public functions of its modules.

        Raises:
            ProjectError: A module lacks `spine`, `build`, `PREDICT_METHOD`, `value` or `UNIT`.
        """
        tables = public_functions(features)
        spine = tables.pop("spine", None)
        return cls(
            config=config,
            spine=_present(features, "spine") if spine is None else spine,
            feature_tables=tables,
            functions=public_functions(functions),
            build_model=_present(model, "build"),
            predict_method=_predict_method(_present(model, "PREDICT_METHOD"), config.problem_type),
            checks=public_functions(checks),
            business_value=_present(business, "value"),
            business_unit=_present(business, "UNIT"),
            example_data=example_data,
            fit_model=getattr(model, "fit", None),
        )


def public_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the functions that a module defines itself, by name, except those whose name starts with `_`."""
    return {
        name: member
        for name, member in vars(module).items()
        if inspect.isfunction(member) and member.__module__ == module.__name__ and not name.startswith("_")
    }


def _predict_method(methods: Mapping[str, str], problem_type: str) -> str:
    if problem_type not in methods:
        raise ProjectError(f"PREDICT_METHOD of model.py does not name a method for {problem_type}: add it.")
    return methods[problem_type]


def _present(module: ModuleType, name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if not hasattr(module, name):
        raise ProjectError(f"{module.__name__.rpartition('.')[2]}.py does not define {name}: add it.")
    return getattr(module, name)
