"""Code that travels inside a model, so that the model loads where the project is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import cloudpickle


@contextmanager
def packed_by_value(*modules: ModuleType) -> Iterator[None]:
    """Let models that are saved inside the `with` block contain the code of these modules, not just its name."""
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
