"""The distances agree with scipy on the same values, whatever the values and however they are split among workers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

from mlops.statistics import distances, distinct
from mlops.statistics.sketches import NumberSketch, TextSketch
from mlops_local.profiling.columns import of_numbers, of_texts, power_of_two

Array = NDArray[np.float64]

ODD = [0.0, -0.0, 1.0, math.nan, math.inf, -math.inf, 1e300, -1e300, 1e-300]
NUMBERS = st.lists(st.one_of(st.sampled_from(ODD), st.floats(-100, 100, width=32)), max_size=60)
FEW = st.lists(st.integers(-3, 3), min_size=1, max_size=60)
TEXTS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=40)

settings.register_profile("few", max_examples=60, deadline=None)
settings.load_profile("few")


def numbers(values: object, edges: Array, scale: float = 1.0) -> NumberSketch:
    column = pd.Series(values, dtype=np.float64)
    (found,) = of_numbers(column, np.zeros(len(column), np.int64), 1, edges, scale)
    return found


def texts(values: list[str | None]) -> TextSketch:
    (found,) = of_texts(pd.Series(values, dtype=object), np.zeros(len(values), np.int64), 1)
    return found


def finite(values: list[float]) -> Array:
    array = np.array(values, dtype=np.float64)
    return array[np.isfinite(array)]


@given(NUMBERS, NUMBERS, st.integers(0, 60))
def test_the_summary_of_two_parts_is_that_of_all_values(one: list[float], other: list[float], cut: int) -> None:
    values = [*one, *other]
    edges = np.unique(finite(values))[::3]
    scale = power_of_two(finite(values))
    whole = numbers(values, edges, scale)
    parts = numbers(values[:cut], edges, scale) + numbers(values[cut:], edges, scale)
    assert (parts.count, parts.nulls, parts.zeros, parts.low, parts.high) == (
        whole.count,
        whole.nulls,
        whole.zeros,
        whole.low,
        whole.high,
    )
    assert parts.bins.tolist() == whole.bins.tolist()
    assert parts.hashes.tolist() == whole.hashes.tolist()
    known = finite(values)
    assert whole.count == len(known)
    assert len(whole.hashes) == len(np.unique(known))
    if len(known) > 1:
        reference = known / scale  # whose squares do not overflow
        assert parts.average == pytest.approx(reference.mean() * scale, rel=1e-9, abs=1e-9 * scale)
        assert parts.deviation == pytest.approx(reference.std(ddof=1) * scale, rel=1e-6, abs=1e-9 * scale)


@given(NUMBERS, NUMBERS)
def test_with_every_value_as_an_edge_numbers_are_as_far_apart_as_scipy_says(
    one: list[float], other: list[float]
) -> None:
    a, b = finite(one), finite(other)
    edges = np.unique([*a, *b])
    scale = power_of_two(edges)
    first, second = numbers(one, edges, scale), numbers(other, edges, scale)
    ks = distances.ks_test(first, second)
    if not (len(a) and len(b)):
        assert ks is None
        assert distances.wasserstein_distance(first, second, edges) is None
        assert distances.population_stability_index(first, second) is None
        return
    assert ks is not None
    shares = [stats.ecdf(values).cdf.evaluate(edges) for values in (a, b)]
    assert ks.statistic == pytest.approx(np.abs(shares[0] - shares[1]).max(), abs=1e-12)
    expected = stats.wasserstein_distance(a / scale, b / scale)
    assert distances.wasserstein_distance(first, second, edges) == pytest.approx(
        expected * scale, rel=1e-9, abs=1e-9 * scale
    )


@given(st.integers(0, 2**32 - 1), st.floats(-1, 1), st.floats(0.5, 2))
def test_with_quantiles_as_edges_numbers_are_about_as_far_apart(seed: int, shift: float, spread: float) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=400), random.normal(shift, spread, 300)
    edges = np.unique(np.concatenate([np.quantile(values, np.linspace(0, 1, 64)) for values in (a, b)]))
    first, second = numbers(a, edges), numbers(b, edges)
    ks = distances.ks_test(first, second)
    assert ks is not None
    expected = stats.ks_2samp(a, b, method="asymp")
    assert expected.statistic - 2 / 64 <= ks.statistic <= expected.statistic + 1e-12
    same_statistic = stats.kstwobign.sf(ks.statistic * math.sqrt(400 * 300 / 700))
    assert ks.pvalue == pytest.approx(same_statistic, rel=1e-6, abs=1e-12)
    distance = distances.wasserstein_distance(first, second, edges)
    assert distance == pytest.approx(stats.wasserstein_distance(a, b), abs=0.06)


@given(FEW, FEW)
def test_the_population_stability_index_follows_its_definition(one: list[int], reference: list[int]) -> None:
    edges = np.unique(reference).astype(np.float64)
    found = distances.population_stability_index(numbers(one, edges), numbers(reference, edges))
    assert found is not None
    assert found >= 0
    same = distances.population_stability_index(numbers(reference, edges), numbers(reference, edges))
    assert same == pytest.approx(0, abs=1e-12)


def test_the_population_stability_index_of_two_shares_is_known() -> None:
    edges = np.array([0.0, 1.0])
    reference, one = numbers([0] * 500 + [1] * 500, edges), numbers([0] * 800 + [1] * 200, edges)
    p, q = np.array([800.5, 200.5, 0.5]), np.array([500.5, 500.5, 0.5])
    p, q = p / p.sum(), q / q.sum()
    assert distances.population_stability_index(one, reference) == pytest.approx(float(((p - q) * np.log(p / q)).sum()))


@given(TEXTS, TEXTS)
def test_texts_are_as_far_apart_as_scipy_says(one: list[str | None], other: list[str | None]) -> None:
    first, second = texts(one), texts(other)
    a, b = ([values.count(name) for name in "abc"] for values in (one, other))
    measures = (distances.js_distance, distances.tv_distance, distances.l_infinity_distance)
    if not (sum(a) and sum(b)):
        assert [measure(first, second) for measure in measures] == [None, None, None]
        assert distances.chi_squared_test(first, second) is None
        return
    p, q = np.array(a) / sum(a), np.array(b) / sum(b)
    js, tv, maximum = (measure(first, second) for measure in measures)
    assert js == pytest.approx(np.nan_to_num(jensenshannon(p, q, base=2)), abs=1e-7)
    assert tv == pytest.approx(np.abs(p - q).sum() / 2)
    assert maximum == pytest.approx(np.abs(p - q).max())
    table = np.array([a, b])
    table = table[:, table.sum(axis=0) > 0]
    found = distances.chi_squared_test(first, second)
    assert found is not None
    if table.shape[1] > 1:
        expected = stats.chi2_contingency(table, correction=False)
        assert (found.statistic, found.pvalue) == pytest.approx((expected.statistic, expected.pvalue))
    else:
        assert (found.statistic, found.pvalue) == (0.0, 1.0)


@given(TEXTS, st.integers(0, 40))
def test_the_summary_of_two_parts_of_texts_is_that_of_all(values: list[str | None], cut: int) -> None:
    whole, parts = texts(values), texts(values[:cut]) + texts(values[cut:])
    assert (parts.count, parts.nulls, parts.items) == (whole.count, whole.nulls, whole.items)
    assert parts.hashes.tolist() == whole.hashes.tolist()


def test_of_many_different_texts_the_frequent_ones_are_counted_and_the_others_together() -> None:
    found = texts([*["often"] * 5, *(f"once {number}" for number in range(3000))])
    assert found.items["often"] == 5
    assert len(found.items) == 1000
    assert found.other == 3005 - 5 - 999
    again = found + found
    assert (again.count, again.items["often"], len(again.items)) == (6010, 10, 1000)


def test_windows_without_a_common_value_are_as_far_apart_as_possible() -> None:
    first, second = texts(["a"] * 3), texts(["b"] * 4)
    assert distances.js_distance(first, second) == pytest.approx(1)
    assert distances.tv_distance(first, second) == distances.l_infinity_distance(first, second) == 1


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 50, 511, 512, 5000, 100_000]))
def test_different_values_are_counted_exactly_or_within_a_fifth(seed: int, different: int) -> None:
    random = np.random.default_rng(seed)
    found = distinct.smallest(distinct.hashes(random.integers(0, different, 20_000)))
    values = len(np.unique(np.random.default_rng(seed).integers(0, different, 20_000)))
    estimate = distinct.estimate(found)
    assert estimate == values if values < distinct.KEPT else abs(estimate / values - 1) < 0.2
