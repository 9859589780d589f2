"""Finds the rows on which a model fails, when one of them makes the whole of its batch fail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError, first_line

# With more failures, the model, the source or the workers are at fault, not single rows.
MOST_FAILURES = 100
MOST_AT_FIRST = 10  # before any row has been scored

log = logging.getLogger(__name__)

_PARTS = 8  # a part with a failing row is split into this many
_BITS = 3
_LEVELS = 64 // _BITS


@dataclass
class Isolation:
    """Splits rows until what fails is a single row.

    Attributes:
        key: The column that identifies a row.
        attempt: Scores and writes rows; it may be repeated, and fails as a whole.
        failures: The rows that failed alone, each with the reason.
        succeeded: Whether the model could score any row.
    """

    key: str
    attempt: Callable[[DataFrame], None]
    failures: list[tuple[DataFrame, str]] = field(default_factory=list)
    succeeded: bool = False

    def run(self, rows: DataFrame) -> None:
        """Score and write all rows but those on which the model fails.

        Raises:
            ProjectError: The model fails on too many rows.
            PySparkException: The engine failed, not the model.
        """
        try:
            self.attempt(rows)
        except PySparkException as error:
            if not is_model_failure(error):
                raise
            # A worker may also fail because of a download or a lack of memory, which the same rows survive next time.
            log.warning("scoring failed and is tried again, then row by row: %s", first_line(error))
            self._try(rows, 0)

    def _try(self, rows: DataFrame, level: int) -> None:
        try:
            self.attempt(rows)
            self.succeeded = True
        except PySparkException as error:
            if not is_model_failure(error):
                raise
            self._split(rows, level, first_line(error))

    def _split(self, rows: DataFrame, level: int, reason: str) -> None:
        if rows.limit(2).count() <= 1 or level >= _LEVELS:
            self.failures.append((rows, reason))
            if len(self.failures) > (MOST_FAILURES if self.succeeded else MOST_AT_FIRST):
                raise ProjectError(
                    f"the model fails on {len(self.failures)} rows and more, for example because of {reason}: look at "
                    "the source and at the model; the rows that it could score are kept."
                )
            return
        # Each level looks at other bits of the hash, so that the parts become smaller, whatever the keys are.
        part = F.pmod(F.shiftright(F.xxhash64(self.key), _BITS * level), F.lit(_PARTS))
        for number in range(_PARTS):
            some = rows.where(part == number)
            if some.limit(1).count():
                self._try(some, level + 1)


def is_model_failure(error: PySparkException) -> bool:
    """Return whether an error comes from Python code on the workers, as that of a model does."""
    return "Traceback (most recent call last)" in str(error) or "PythonException" in type(error).__name__
