"""A confidence sequence of the difference of two losses, for requests that were split at random between two versions.

Its interval may be looked at after every request, and the first look at which it settles the matter may end the
comparison: all its looks together miss the true difference with probability alpha at most, asymptotically. It is the
asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory
and asymptotic confidence sequences", Annals of Statistics 52 (2024), https://arxiv.org/abs/2103.06476, for the average
effect of a treatment that is given with known probabilities.

For a request with the loss Y, answered by the challenger (A = 1) or the champion (A = 0) when the challenger's share of
the traffic was p, (A - p)(Y - c) has the mean p(1 - p)(challenger's loss - champion's loss), whatever the number c is,
how losses change over time, and how p was chosen from what was seen before. The estimate is the sum of these over the
sum of p(1 - p). So requests count by p(1 - p) (overlap weights: Li, Morgan and Zaslavsky, Journal of the American
Statistical Association 113, 2018), while inverse probabilities would give a few requests of a step of 5 % most of the
weight: of all weights these lead to the smallest variance if both losses vary alike. Subtracting c, a multiple of
A - p, whose mean is 0, takes the common level of both losses out of the variance; least squares gives the multiple.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arrays import Array

# What is summed for each unit, over its rows; p is the share of the challenger.
CHALLENGER, CHAMPION, ASSIGNED, WEIGHT = range(4)  # (1-p)AY, p(1-A)Y, A-p, p(1-p)
_UNIT = np.eye(4)


@dataclass(frozen=True)
class Moments:
    """Sums over independent units, such as requests.

    Attributes:
        sums: Shape (4,): the sums of CHALLENGER, CHAMPION, ASSIGNED and WEIGHT.
        products: Shape (4, 4): the sums of their products within each unit.
    """

    sums: Array
    products: Array

    @classmethod
    def of(cls, units: Array) -> Moments:
        """Return the moments of units, shape (units, 4)."""
        return cls(units.sum(axis=0), units.T @ units)

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.sums + other.sums, self.products + other.products)


@dataclass(frozen=True)
class Difference:
    """The challenger's mean loss minus a multiple of the champion's, with its interval; positive if greater."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.4g} [{self.low:+.4g}, {self.high:+.4g}]"


UNKNOWN = Difference(math.nan, -math.inf, math.inf)


def difference(moments: Moments, multiple: float, alpha: float, narrowest_at: float) -> Difference:
    """Return the challenger's mean loss minus `multiple` times the champion's, with a confidence sequence's interval.

    Args:
        moments: What was seen so far.
        multiple: 1 for the difference itself; 1.05 to see whether the challenger is worse by more than 5 %.
        alpha: The probability that the interval misses the true value at any look.
        narrowest_at: The sum of weights at which the interval is to be narrowest; known before the first look.
    """
    weight = moments.sums[WEIGHT]
    if not weight > 0:
        return UNKNOWN
    losses = _adjusted_coefficients(moments, np.array([1.0, -multiple, 0.0, 0.0]))
    value = float(losses @ moments.sums / weight)
    residual = losses - value * _UNIT[WEIGHT]
    variance = max(float(residual @ moments.products @ residual), 0.0) / weight
    radius = math.sqrt(variance) * margin(weight, alpha, narrowest_at)
    return Difference(value, value - radius, value + radius)


def mean_losses(moments: Moments) -> tuple[float, float]:
    """Return the mean losses of challenger and champion, as if both had answered the same requests; nan without any.

    They are estimated as their difference is. Plain means of the answered requests would differ because losses change
    over time while the shares of the traffic change.
    """
    weight = moments.sums[WEIGHT]
    if not weight > 0:
        return math.nan, math.nan
    means = [_adjusted_coefficients(moments, _UNIT[side]) @ moments.sums / weight for side in (CHALLENGER, CHAMPION)]
    return float(means[0]), float(means[1])


def _adjusted_coefficients(moments: Moments, losses: Array) -> Array:
    """Return the coefficients of a sum of losses without the multiple of A - p that explains most of its variance."""
    spread = moments.products[ASSIGNED, ASSIGNED]
    return losses - (losses @ moments.products[:, ASSIGNED]) / spread * _UNIT[ASSIGNED] if spread > 0 else losses


def margin(time: float, alpha: float, narrowest_at: float) -> float:
    """Return half the width of the confidence sequence of a mean of this many observations of unit variance.

    It is Robbins' normal mixture, sqrt(2 (t r + 1) / (t^2 r) log(sqrt(t r + 1) / alpha)) at the time t, with the r that
    makes it about narrowest at a chosen time: (2 log(1 / alpha) + log(1 + 2 log(1 / alpha))) divided by that time, from
    the first terms of Lambert's function in the paper's exact solution.
    """
    level = 2 * math.log(1 / alpha)
    r = (level + math.log(1 + level)) / narrowest_at
    return math.sqrt(2 * (time * r + 1) / (time**2 * r) * math.log(math.sqrt(time * r + 1) / alpha))
