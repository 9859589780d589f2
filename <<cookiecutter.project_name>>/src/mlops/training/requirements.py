"""The packages that a model needs wherever it is loaded."""

from __future__ import annotations

from importlib.metadata import version

import mlflow

_PACKAGES = ("cloudpickle", "numpy", "pandas", "scikit-learn")


def model_requirements() -> list[str]:
    """Return pinned requirements: the versions that the model was trained with.

    MLflow is asked itself: on Databricks the distribution is `mlflow-skinny`, and `mlflow` has no metadata there.
    """
    return [f"mlflow=={mlflow.__version__}", *[f"{name}=={version(name)}" for name in _PACKAGES]]
