"""Checks the direction of the project's own metrics on made-up labels: promotion would choose the worse model by it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..config.load import ProjectConfig
from .rehearsal import example_labels


def problems(config: ProjectConfig) -> Iterator[str]:
    """Yield which metrics have the wrong direction, a sentence each. One that fails is left to the rehearsal."""
    with contextlib.suppress(Exception):
        for name, reason in config.measures.misdirected(example_labels(config)).items():
            yield f"checks.py: {reason}: correct {name}, or its greater_is_better"
