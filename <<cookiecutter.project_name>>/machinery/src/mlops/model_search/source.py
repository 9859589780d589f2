"""The code of a model family for the columns of a project: the text is what is tried, logged and written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import ModuleType

from ..training.model_inputs import Kind
from . import models

_COLUMNS = {"NUMBERS": "number", "TEXTS": "text", "TIMES": "time"}


def model_text(family: str, kinds: Mapping[str, Kind]) -> str:
    """Return the text of the model file of a family.

    Args:
        family: The name of a module in `models`.
        kinds: What each input of the model is, in order.
    """
    text = (files(models) / f"{family}.py").read_text(encoding="utf-8")
    for constant, kind in _COLUMNS.items():
        names = [name for name, column_kind in kinds.items() if column_kind == kind]
        listed = "".join(f"    {_literal(name)},\n" for name in names)
        written = f"{constant}: list[str] = [\n{listed}]" if names else f"{constant}: list[str] = []"
        text = text.replace(f"\n{constant}: list[str] = []\n", f"\n{written}\n")
    return text


def load_text(text: str, name: str) -> ModuleType:
    """Return the text of a model file as a module, which is not registered: it cannot be imported by its name.

    Raises:
        ImportError: A package that it needs is not installed.
    """
    module = ModuleType(name)
    exec(compile(text, f"{name}.py", "exec", dont_inherit=True), vars(module))  # noqa: S102 - the text is ours
    return module


def script(text: str, problem_type: str, hyperparameters: Mapping[str, object], seed: int) -> str:
    """Return a file that builds the very model of a trial: the text of its model file, and the call of `build`."""
    call = f"MODEL = build({problem_type!r}, {dict(hyperparameters)!r}, seed={seed})"
    return f"{text}\n\n# Fit it to the train rows: MODEL.fit(rows[[*NUMBERS, *TEXTS, *TIMES]], label)\n{call}\n"


def _literal(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
