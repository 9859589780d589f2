"""The packages that must be installed wherever a model is loaded."""

from __future__ import annotations

from importlib.metadata import version

_PACKAGES = ("mlflow", "cloudpickle", "numpy", "pandas", "scikit-learn")


def model_requirements() -> list[str]:
    """Return the requirements, pinned to the versions that the model was trained with."""
    return [f"{name}=={version(name)}" for name in _PACKAGES]
