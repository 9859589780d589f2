"""The code that a model needs wherever it is loaded: the packages to install, and modules of the project itself.

A pickled estimator names the modules of its classes and functions. Those of installed packages become requirements;
those of the project are copied into the model, together with the modules of the project that they import.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle

from ..errors import ProjectError, first_line
from .imports import imported_modules
from .requirements import is_installed, model_requirements


@dataclass(frozen=True)
class ModelCode:
    """What a model needs.

    Attributes:
        requirements: The packages, pinned to the installed versions.
        paths: Folders and files to copy into the model (`code_paths` of MLflow); empty if it needs no code of yours.
    """

    requirements: list[str]
    paths: list[str]


@contextmanager
def collect_code(estimator: Any, own: Iterable[str]) -> Iterator[ModelCode]:  # noqa: ANN401 - an estimator of any library
    """Collect what an estimator needs, in a folder that lasts as long as the `with` block.

    Args:
        estimator: The fitted estimator.
        own: The project's own packages, even if they are installed.

    Raises:
        ProjectError: The estimator cannot be pickled.
    """
    named = referenced_modules(estimator)
    files = _of_the_project(named, set(own))
    used = named.union(*(imported_modules(name, file) for name, file in files.items()))
    with tempfile.TemporaryDirectory() as folder:
        for name, file in files.items():
            _copy(name, file, Path(folder))
        yield ModelCode(model_requirements(used - files.keys()), sorted(str(path) for path in Path(folder).iterdir()))


def referenced_modules(estimator: Any) -> set[str]:  # noqa: ANN401 - as above
    """Return the modules of the classes and functions that an estimator consists of.

    Raises:
        ProjectError: The estimator cannot be pickled.
    """
    try:
        recorder = _Recorder(io.BytesIO(cloudpickle.dumps(estimator)))
        recorder.load()
    except Exception as error:
        raise ProjectError(
            f"the {type(estimator).__name__} cannot be saved ({first_line(error)}): let build of model.py return an "
            "estimator that can be pickled."
        ) from error
    return recorder.modules


class _Recorder(pickle.Unpickler):
    """Unpickles an object, and records the modules that it names."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - whatever the module holds
        """Return a member of a module."""
        self.modules.add(module)
        resolved = super().find_class(module, name)
        # Functions without a name of their own are pickled by value, and their modules are imported by this function.
        return partial(self._import, resolved) if name == "subimport" else resolved

    def _import(self, subimport: Any, module: str) -> Any:  # noqa: ANN401 - a function and a module
        self.modules.add(module)
        return subimport(module)


def _of_the_project(named: Iterable[str], own: set[str]) -> dict[str, Path]:
    """Return the files of the named modules that no package provides, and of what they import, by module."""
    files: dict[str, Path] = {}
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        package = name.partition(".")[0]
        if name in files or (package not in own and is_installed(package)):
            continue
        file = _file(name)
        if file is not None:
            files[name] = file
            imported = imported_modules(name, file)
            waiting += [*imported, *_behind_the_front(imported), *([name.rpartition(".")[0]] if "." in name else [])]
    return files


def _behind_the_front(imported: Iterable[str]) -> Iterator[str]:
    """Yield the modules that `from mlops import ...` imports only when a name is used."""
    machinery = __name__.rpartition(".training.")[0]
    front: Mapping[str, str] = importlib.import_module(machinery).FRONT
    for name in imported:
        package, _, member = name.rpartition(".")
        if package == machinery and member in front:
            yield f"{machinery}.{front[member].partition(':')[0]}"


def _file(module: str) -> Path | None:
    """Return the file of a module; None if there is none, as for what is not a module."""
    loaded = getattr(sys.modules.get(module), "__file__", None)
    if loaded is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            return None
        loaded = None if spec is None else spec.origin
    return Path(loaded) if loaded and loaded.endswith(".py") else None


def _copy(module: str, file: Path, folder: Path) -> None:
    """Copy a module into a folder of modules, below its packages."""
    path = folder.joinpath(*module.split("."))
    target = path / file.name if file.name == "__init__.py" else path.with_suffix(".py")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)


@contextmanager
def pack_by_value(*modules: ModuleType) -> Iterator[None]:
    """Let models that are saved inside the `with` block contain the code of these modules, not just its name."""
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
