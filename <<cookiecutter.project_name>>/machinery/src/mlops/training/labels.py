"""Makes sure that the labels of a run are what a classifier can be trained and evaluated on."""

from __future__ import annotations

import pandas as pd

from ..config.load import ProjectConfig
from ..errors import ProjectError

_SHOWN = 5


def require_classes(settings: ProjectConfig, rows: dict[str, pd.DataFrame]) -> None:
    """Make sure that the labels of a classifier are its classes, that it can learn each, and that each split has two.

    Raises:
        ProjectError: There is another label than 0 and 1, all rows of a split have the same one, or no train row has
            one of more than two classes.
    """
    if settings.problem_type == "regression":
        return
    counts_by_split = {split: frame[settings.label].value_counts() for split, frame in rows.items()}
    if settings.problem_type == "multiclass":
        _require_all(settings, counts_by_split["train"])
    else:
        _require_two(settings, counts_by_split)
    for split, counts in counts_by_split.items():
        if len(counts) == 1:
            value = repr(settings.classes[int(counts.index[0])]) if settings.classes else f"{counts.index[0]:g}"
            raise ProjectError(
                f"all {counts.sum()} {split} rows have {settings.label} = {value}, but a classifier needs rows of more "
                "than one class: provide more rows, or correct features.spine."
            )


def _require_all(settings: ProjectConfig, counts: pd.Series[int]) -> None:
    unseen = [repr(label) for number, label in enumerate(settings.classes) if number not in counts.index]
    if unseen:
        raise ProjectError(
            f"no train row has {settings.label} = {' or '.join(unseen)}: provide more rows, or remove these "
            "classes from `classes` in project.yml."
        )


def _require_two(settings: ProjectConfig, counts_by_split: dict[str, pd.Series[int]]) -> None:
    others = sorted({label for counts in counts_by_split.values() for label in counts.index} - {0.0, 1.0})
    if others:
        shown = ", ".join(f"{label:g}" for label in others[:_SHOWN])
        raise ProjectError(
            f"the label {settings.label} has the values {shown}, but classification needs 0 and 1: correct "
            "features.spine, or use problem_type multiclass."
        )
