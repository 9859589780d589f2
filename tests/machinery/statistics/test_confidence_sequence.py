import math

import numpy as np
import pytest

from mlops.evaluation.metrics import Array
from mlops.statistics.confidence_sequence import UNKNOWN, Moments, difference, margin, mean_losses


def units(challenger: Array, share: Array | float, loss: Array) -> Array:
    """Return the terms of requests, shape (requests, 4)."""
    p = np.broadcast_to(np.asarray(share, dtype=float), challenger.shape)
    terms = [(1 - p) * challenger * loss, p * (1 - challenger) * loss, challenger - p, p * (1 - p)]
    return np.stack(terms, axis=1)


def test_it_is_the_normal_mixture_and_narrowest_near_the_chosen_time() -> None:
    level = 2 * math.log(20)
    r = (level + math.log(1 + level)) / 1000
    expected = math.sqrt(2 * (5000 * r + 1) / (5000**2 * r) * math.log(math.sqrt(5000 * r + 1) / 0.05))
    assert margin(5000, 0.05, 1000) == pytest.approx(expected)
    assert margin(1000, 0.05, 1000) < min(margin(1000, 0.05, 200), margin(1000, 0.05, 5000))
    assert margin(1000, 0.05, 1000) > 1.96 / math.sqrt(1000)  # the price of looking at any time


def test_the_interval_covers_the_difference_at_all_looks_together() -> None:
    missed, missed_once = 0, 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        share = np.repeat([0.05, 0.25, 0.5], [2000, 1000, 1000])
        challenger = (random.random(len(share)) < share).astype(float)
        level = 1 + np.sin(np.arange(len(share)) / 300)  # losses change, and the difference with them
        table = units(challenger, share, level * random.normal(size=len(share)) ** 2 + 0.5 * challenger)
        sums, products = np.cumsum(table, axis=0), np.cumsum(table[:, :, None] * table[:, None], axis=0)
        at = range(999, len(share), 50)
        found = [difference(Moments(sums[n], products[n]), 1.0, 0.05, 400) for n in at]
        missed += any(not one.low <= 0.5 <= one.high for one in found)
        # The interval of a test that may be looked at only once.
        missed_once += any(
            abs(one.value - 0.5) > (one.high - one.value) / margin(sums[n][3], 0.05, 400) * 1.96 / sums[n][3] ** 0.5
            for n, one in zip(at, found, strict=True)
        )
    assert missed / 300 <= 0.05
    assert missed_once / 300 > 0.15


def test_the_estimate_is_the_difference_or_the_excess_over_a_multiple() -> None:
    random = np.random.default_rng(1)
    challenger = (random.random(40_000) < 0.25).astype(float)
    moments = Moments.of(units(challenger, 0.25, random.exponential(4.0, 40_000) + challenger))
    assert difference(moments, 1.0, 0.05, 1000).value == pytest.approx(1.0, abs=0.15)
    assert difference(moments, 1.25, 0.05, 1000).value == pytest.approx(0.0, abs=0.15)


def test_a_level_that_both_losses_share_changes_nothing() -> None:
    random = np.random.default_rng(2)
    challenger, loss = (random.random(500) < 0.5).astype(float), random.normal(size=500) ** 2
    low, high = (difference(Moments.of(units(challenger, 0.5, loss + level)), 1.0, 0.05, 100) for level in (0, 1000))
    assert (low.value, low.low, low.high) == pytest.approx((high.value, high.low, high.high), rel=1e-4)


def test_requests_of_a_small_share_do_not_outweigh_the_others() -> None:
    random = np.random.default_rng(3)
    share = np.repeat([0.05, 0.5], [20_000, 2000])
    challenger = (random.random(len(share)) < share).astype(float)
    loss = random.normal(size=len(share)) ** 2
    both = difference(Moments.of(units(challenger, share, loss)), 1.0, 0.05, 400)
    for step in (share < 0.1, share > 0.1):
        alone = difference(Moments.of(units(challenger[step], share[step], loss[step])), 1.0, 0.05, 400)
        assert both.high - both.low < alone.high - alone.low


def test_the_rows_of_a_unit_count_as_one_observation() -> None:
    random = np.random.default_rng(4)
    challenger, loss = (random.random(400) < 0.5).astype(float), random.normal(size=400) ** 2
    rows = units(challenger, 0.5, loss)
    once, independent = difference(Moments.of(rows), 1.0, 0.05, 100), Moments.of(np.repeat(rows, 9, axis=0))
    together = difference(Moments.of(9 * rows), 1.0, 0.05, 900)
    assert together.value == pytest.approx(once.value)
    assert together.high - together.low == pytest.approx(once.high - once.low)
    wide = difference(independent, 1.0, 0.05, 900)
    assert wide.high - wide.low < 0.6 * (together.high - together.low)


def test_mean_losses_are_those_of_the_same_requests_and_agree_with_the_difference() -> None:
    random = np.random.default_rng(5)
    share = np.repeat([0.05, 0.5], 20_000)
    challenger = (random.random(len(share)) < share).astype(float)
    loss = np.where(share < 0.1, 9.0, 1.0) + random.exponential(size=len(share))  # later requests are easier
    moments = Moments.of(units(challenger, share, loss))
    of_challenger, of_champion = mean_losses(moments)
    assert loss[challenger == 1].mean() < loss[challenger == 0].mean() - 2  # which says nothing about the versions
    assert of_challenger - 1.05 * of_champion == pytest.approx(difference(moments, 1.05, 0.05, 400).value)
    assert of_challenger == pytest.approx(of_champion, rel=0.03)


def test_nothing_is_known_without_requests() -> None:
    assert np.isnan(mean_losses(Moments.of(np.empty((0, 4))))).all()
    assert difference(Moments.of(np.empty((0, 4))), 1.0, 0.05, 100) is UNKNOWN
