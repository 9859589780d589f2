import math

import numpy as np
import pytest
from scipy.stats import binom

from mlops.statistics.e_values import Split, more_than_its_share, other_than_its_share, share_above


@pytest.mark.parametrize("bound", [0.01, 0.05, 0.3])
def test_betting_against_a_share_at_its_bound_is_fair(bound: float) -> None:
    expected = [binom.pmf(bad, 60, bound) * math.exp(share_above(bad, 60, bound)) for bad in range(61)]
    assert sum(expected) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("evidence", [more_than_its_share, other_than_its_share])
def test_betting_against_the_split_of_the_traffic_is_fair(evidence: object) -> None:
    assert callable(evidence)
    expected = [
        binom.pmf(one, 20, 0.05)
        * binom.pmf(two, 10, 0.5)
        * math.exp(evidence([Split(0.05, one, 20 - one), Split(0.5, two, 10 - two)]))
        for one in range(21)
        for two in range(11)
    ]
    assert sum(expected) == pytest.approx(1, rel=1e-6)


def test_looking_after_every_request_is_wrong_as_rarely_as_stated() -> None:
    rejected = 0
    for seed in range(400):
        bad = np.cumsum(np.random.default_rng(seed).random(1500) < 0.05)
        rejected += any(share_above(int(bad[n]), n + 1, 0.05) > math.log(20) for n in range(0, 1500, 10))
    assert rejected / 400 <= 0.05


def test_a_crashing_version_is_noticed_after_a_few_requests() -> None:
    assert share_above(2, 2, 0.01) > math.log(40)
    assert more_than_its_share([Split(0.05, 2, 0)]) > math.log(40)
    assert more_than_its_share([Split(0.5, 7, 0)]) > math.log(40) > more_than_its_share([Split(0.5, 5, 0)])


def test_what_befalls_both_versions_is_no_evidence_against_one() -> None:
    assert share_above(500, 1000, 0.01) > math.log(1e6)
    assert more_than_its_share([Split(0.05, 500, 9500), Split(0.5, 5000, 5000)]) < 0


def test_fewer_than_its_share_is_a_mismatch_but_not_worse() -> None:
    fewer = [Split(0.5, 1000, 1400)]
    assert more_than_its_share(fewer) < 0
    assert other_than_its_share(fewer) > math.log(1000)
    assert other_than_its_share([Split(0.5, 1000, 1020)]) < math.log(10)


def test_no_requests_are_no_evidence() -> None:
    assert share_above(0, 0, 0.01) == pytest.approx(0)
    assert (more_than_its_share([]), other_than_its_share([])) == (pytest.approx(0), pytest.approx(0))


def test_numbers_of_a_busy_endpoint_are_computed() -> None:
    assert share_above(900_000, 10_000_000, 0.1) < 0
    assert share_above(1_100_000, 10_000_000, 0.1) > math.log(1e9)
