"""Tests of counts that may be looked at after every request, as logarithms of e-values.

An e-value is what a bettor has who started with 1 and bets against a hypothesis at fair odds. If the hypothesis is
true, it ever exceeds 1 / alpha with probability alpha at most (Ville's inequality), so that looking at it as often as
one likes costs nothing. Each is the average over bettors with different alternatives, as the mixtures of Robbins
("Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41, 1970) and of
Howard, Ramdas, McAuliffe and Sekhon ("Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of
Statistics 49, 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaln

from .arrays import Array

# How many times as likely as the champion's a request of the challenger is to be one of those that are counted.
_MORE = np.array([1.25, 1.5, 2, 3, 5, 10, 30, 100, 1000])
_OTHER = np.array([1.02, 1.05, 1.1, 1.2, 1.5, 2, 5, 30, 1000])


@dataclass(frozen=True)
class Split:
    """Requests of a stage that were counted, for example those that failed.

    Attributes:
        share: The challenger's share of the traffic in the stage, between 0 and 1.
        challenger: How many of them the challenger got.
        champion: How many the champion got.
    """

    share: float
    challenger: int
    champion: int


def share_above(counted: int, requests: int, bound: float) -> float:
    """Return the evidence that the counted share of the requests exceeds `bound`.

    The alternatives are all shares between the bound and 1, equally likely.

    Args:
        counted: How many requests were counted.
        requests: How many there were.
        bound: The share, between 0 and 1.
    """
    others = requests - counted
    above = betainc(others + 1, counted + 1, 1 - bound)  # the mass above the bound of the beta distribution
    if above == 0:
        return -math.inf
    likely = betaln(counted + 1, others + 1) + math.log(above) - math.log1p(-bound)
    return float(likely - counted * math.log(bound) - others * math.log1p(-bound))


def more_than_its_share(splits: Sequence[Split]) -> float:
    """Return the evidence that the challenger has more of the counted requests than its share of the traffic.

    What befalls both versions alike, such as callers with bad requests or a slow network, is no evidence: it is split
    as the traffic is, whatever its frequency, and however that changes.
    """
    return _mixture(splits, _MORE)


def other_than_its_share(splits: Sequence[Split]) -> float:
    """Return the evidence that the challenger has more or fewer of the counted requests than its share.

    Counting all requests, that is a sample ratio mismatch: Lindon and Malek, "Anytime-valid inference for multinomial
    count data", NeurIPS 2022.
    """
    return _mixture(splits, np.concatenate([_OTHER, 1 / _OTHER]))


def _mixture(splits: Sequence[Split], ratios: Array) -> float:
    bets = np.zeros(len(ratios))
    for split in splits:
        total = split.challenger + split.champion
        bets += split.challenger * np.log(ratios) - total * np.log(ratios * split.share + 1 - split.share)
    return float(np.logaddexp.reduce(bets) - math.log(len(ratios)))
