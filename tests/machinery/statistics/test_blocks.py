import numpy as np
import pytest

from mlops.statistics.blocks import MOST_BLOCKS, Times, effective, sample


def times(rows: int, per_day: int, start: str = "2026-03-01") -> Times:
    return np.datetime64(start, "us") + np.arange(rows) * 86_400_000_000 // per_day


def test_by_default_rows_of_a_day_stay_together() -> None:
    found = sample(times(900, per_day=100), None, hours=None, fewest=5)
    assert (found.rows, found.blocks, found.cases) == (900, 9, None)
    assert found.block.tolist() == np.arange(9).repeat(100).tolist()


@pytest.mark.parametrize(
    ("rows", "per_day", "blocks"),
    [
        (10_000, 100, 30),  # at most thirty
        (400, 10, 10),  # forty rows each
        (120, 1, 5),  # as few as a comparison needs
        (300, 100, 3),  # but never less than a day
        (24, 24, 1),
    ],
)
def test_by_default_blocks_are_few_and_of_whole_days(rows: int, per_day: int, blocks: int) -> None:
    found = sample(times(rows, per_day), None, hours=None, fewest=5)
    assert found.blocks == blocks
    days = np.arange(rows) // per_day
    assert all(len(np.unique(found.block[days == day])) == 1 for day in np.unique(days))
    assert np.unique(found.block).tolist() == list(range(blocks))
    assert (np.diff(found.block) >= 0).all()


def test_few_cases_of_a_class_give_fewer_blocks() -> None:
    classes = np.zeros(4000)
    classes[::125] = 1  # 32 cases
    found = sample(times(4000, per_day=100), classes, hours=None, fewest=5)
    assert (found.cases, found.blocks) == (32, 8)
    assert sample(times(4000, per_day=100), 1 - classes, hours=None, fewest=5).cases == 32


def test_the_length_of_a_block_can_be_given() -> None:
    found = sample(times(96, per_day=48), None, hours=6, fewest=5)
    assert found.block.tolist() == np.arange(8).repeat(12).tolist()
    assert sample(times(48 * 14, per_day=48), None, hours=168, fewest=5).blocks == 3  # weeks begin on Thursdays
    assert sample(times(10_000, per_day=24), None, hours=1, fewest=5).blocks == MOST_BLOCKS


def test_the_order_of_rows_and_days_without_rows_do_not_matter() -> None:
    moments = np.array(["2026-03-09T23:59", "2026-03-01T00:00", "2026-03-09T00:00"], dtype="datetime64[us]")
    assert sample(moments, None, hours=None, fewest=5).block.tolist() == [1, 0, 1]


def test_blocks_of_equal_weight_count_fully_and_a_dominant_one_counts_alone() -> None:
    block = np.array([0, 0, 1, 1, 2, 2])
    assert effective(block) == pytest.approx(3)
    assert effective(block, np.array([1.0, 0, 0, 0, 0, 0])) == pytest.approx(1)


def test_the_cases_are_those_of_the_rarest_class_and_none_if_a_class_is_missing() -> None:
    times = np.datetime64("2024-01-01", "s") + np.arange(6) * np.timedelta64(1, "D")
    classes = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 2.0])
    assert sample(times, classes, hours=None, fewest=2, number=3).cases == 1
    assert sample(times, classes, hours=None, fewest=2, number=4).cases == 0
