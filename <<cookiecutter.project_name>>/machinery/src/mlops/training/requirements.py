"""The packages that must be installed wherever a model is loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import files, packages_distributions, version

import mlflow

_PACKAGES = ("cloudpickle", "numpy", "pandas", "scikit-learn")
_MLFLOW = ("mlflow", "mlflow-skinny", "mlflow-tracing")


def model_requirements(modules: Iterable[str] = ()) -> list[str]:
    """Return the requirements of a model, pinned to the versions that it was trained with.

    The version of MLflow comes from the module: on Databricks the installed package is `mlflow-skinny`, not `mlflow`.

    Args:
        modules: The modules that the model needs, besides those of MLflow and scikit-learn themselves.
    """
    others = {name for module in modules for name in _distributions(module)} - {*_PACKAGES, *_MLFLOW}
    names = [*_PACKAGES, *sorted(others)]
    return [f"mlflow=={mlflow.__version__}", *[f"{name}=={version(name)}" for name in names]]


def is_installed(package: str) -> bool:
    """Return whether a top-level package belongs to Python or to an installed distribution."""
    return package in sys.stdlib_module_names or package in _by_package()


@cache
def _by_package() -> Mapping[str, list[str]]:
    """Return the installed distributions by the top-level packages that they provide."""
    return packages_distributions()


def _distributions(module: str) -> Iterator[str]:
    """Yield the distributions that provide a module; of several in a namespace such as `google`, only those with it."""
    package, path = module.partition(".")[0], module.replace(".", "/")
    named = list(dict.fromkeys(_by_package().get(package, [])))
    for name in named:
        inside = (f"{path}/", f"{path}.")
        if len(named) == 1 or any(file.as_posix().startswith(inside) for file in files(name) or ()):
            yield name.lower().replace("_", "-")
