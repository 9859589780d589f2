"""The packages that must be installed wherever a model is loaded."""

from __future__ import annotations

from importlib.metadata import version

import mlflow

_PACKAGES = ("cloudpickle", "numpy", "pandas", "scikit-learn")


def model_requirements() -> list[str]:
    """Return the requirements, pinned to the versions that the model was trained with.

    The version of MLflow comes from the module: on Databricks the installed package is `mlflow-skinny`, not `mlflow`.
    """
    return [f"mlflow=={mlflow.__version__}", *[f"{name}=={version(name)}" for name in _PACKAGES]]
