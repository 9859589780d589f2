"""What came of a load, and whether that is within its bounds. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .limits import Bounds


@dataclass(frozen=True)
class Result:
    """What came of a load.

    Attributes:
        requests: One row for each request: `start` (seconds since 1970), `ms` and `error` (empty if it was answered).
    """

    requests: pd.DataFrame

    @property
    def errors(self) -> int:
        """How many requests were not answered."""
        return int((self.requests["error"] != "").sum())

    @property
    def error_share(self) -> float:
        """Their share of all requests; all of none is 1, because nothing was shown."""
        return self.errors / len(self.requests) if len(self.requests) else 1.0

    @property
    def per_second(self) -> float:
        """Requests that were answered, per second between the first start and the last answer."""
        if self.requests.empty:
            return 0.0
        ends = self.requests["start"] + self.requests["ms"] / 1000
        return float((len(self.requests) - self.errors) / max(ends.max() - self.requests["start"].min(), 1e-9))

    def percentile(self, percent: float) -> float:
        """Return a percentile of the latency of answered requests in milliseconds; infinity if there are none."""
        answered = self.requests.loc[self.requests["error"] == "", "ms"]
        return float(np.percentile(answered, percent)) if len(answered) else float("inf")

    def problem(self, bounds: Bounds) -> str | None:
        """Return one sentence about the bounds that are exceeded, or None if all hold."""
        problems = []
        if self.error_share > bounds.error_share:
            clause = f"{self.errors} of {len(self.requests)} requests failed, and at most {bounds.error_share:.1%} may"
            problems.append(clause + (f" (most often: {self._most_frequent()})" if self.errors else ""))
        p95 = self.percentile(95)
        if p95 > bounds.p95_ms:
            problems.append(f"95 percent of the requests took up to {p95:.0f} ms, and {bounds.p95_ms:g} ms are allowed")
        return "; ".join(problems) or None

    def _most_frequent(self) -> str:
        errors = self.requests.loc[self.requests["error"] != "", "error"]
        return str(errors.value_counts().index[0])
