"""Imports what a command calls, once it is called: `mlops --help` is instant, and Spark and MLflow take seconds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Import inside the `with` block; garbage is looked for from its end on, and not among what was imported."""
    yield
    if not gc.isenabled():  # `main` has turned it off
        gc.freeze()
        gc.enable()
