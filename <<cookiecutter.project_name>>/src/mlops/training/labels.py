"""Makes sure that the labels of a run are what a classifier can be trained and evaluated on."""

from __future__ import annotations

import pandas as pd

from ..config.load import ProjectConfig
from ..errors import ProjectError

_SHOWN = 5


def require_classes(settings: ProjectConfig, rows: dict[str, pd.DataFrame]) -> None:
    """Make sure that the labels of a classifier are 0 and 1, and that each split has both.

    Raises:
        ProjectError: There is another label, or all rows of a split have the same one.
    """
    if settings.problem_type == "regression":
        return
    found = {split: frame[settings.label].value_counts() for split, frame in rows.items()}
    others = sorted({label for counts in found.values() for label in counts.index} - {0.0, 1.0})
    if others:
        shown = ", ".join(f"{label:g}" for label in others[:_SHOWN])
        raise ProjectError(
            f"the label {settings.label} has the values {shown}, but classification needs 0 and 1: correct "
            "features.spine."
        )
    for split, counts in found.items():
        if len(counts) == 1:
            label = f"{settings.label} {counts.index[0]:g}"
            raise ProjectError(
                f"all {counts.sum()} {split} rows have the label {label}, but a classifier needs rows of both classes: "
                "provide more rows, or correct features.spine."
            )
