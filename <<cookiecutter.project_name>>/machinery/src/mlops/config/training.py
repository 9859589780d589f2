"""Settings of the training itself."""

from __future__ import annotations

from .base import Settings

BALANCED = "balanced"


class Training(Settings):
    """How the model is fitted.

    Attributes:
        weights: A column of the spine with the weight of each row, or `balanced` to give each class the same total
            weight; None if all rows count the same. Metrics are never weighted.
    """

    weights: str | None = None

    @property
    def weight_column(self) -> str | None:
        """The column of the spine that holds the weights."""
        return None if self.weights == BALANCED else self.weights
