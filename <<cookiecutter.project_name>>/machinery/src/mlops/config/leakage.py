"""Settings of the checks for target leakage, and the suspects that a person has accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field, field_validator

from ..errors import did_you_mean
from ..evaluation.metrics import ProblemType
from .strict import Settings

SCORE = "near-perfect score"
INPUT = "near-perfect input"
MISSING = "missing values"
ARRIVAL = "inputs known before the label"
LOOKUP = "lookups known before the label"

# Sound models of the example (tests/example) explain up to 0.967 in regression and 0.77 in classification. With an
# input that is only known afterwards, they explain at least 0.981 and 0.99.
_AT_MOST: Mapping[ProblemType, float] = {"regression": 0.975, "classification": 0.85, "multiclass": 0.85}


class Leakage(Settings):
    """When a version is suspected of target leakage, and which suspects are accepted.

    Attributes:
        explained_at_most: The greatest share of the label's variance (1 is perfect, 0 is the naive baseline) that the
            model or one input may explain; None for 0.975 in regression and 0.85 for classes.
        accepted: The reason for accepting an input, a feature table, or a whole check, by its name.
    """

    explained_at_most: float | None = Field(default=None, gt=0, le=1)
    accepted: dict[str, str] = Field(default_factory=dict)

    @field_validator("accepted")
    @classmethod
    def _reasons_are_given(cls, accepted: dict[str, str]) -> dict[str, str]:
        for name, reason in accepted.items():
            if not reason.strip():
                raise ValueError(f"{name!r} is accepted without a reason: say why it is not target leakage")
        return accepted

    def limit(self, problem_type: ProblemType) -> float:
        """Return the greatest share of the label's variance that is not suspicious."""
        return _AT_MOST[problem_type] if self.explained_at_most is None else self.explained_at_most

    def require_known(self, names: Iterable[str]) -> None:
        """Make sure that only these names, and names of the checks, are accepted.

        Raises:
            ValueError: Another name is accepted.
        """
        known = [*dict.fromkeys(names), SCORE, INPUT, MISSING, ARRIVAL, LOOKUP]
        for name in self.accepted:
            if name not in known:
                hint = did_you_mean(name, known)
                raise ValueError(f"validation.leakage.accepted names {name!r}, which is no input or check{hint}")
