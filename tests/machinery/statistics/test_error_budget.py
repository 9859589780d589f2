from datetime import date, timedelta

import pytest

from mlops.errors import ProjectError
from mlops.statistics.error_budget import Challenges, Days, confidence_of

MARCH = Days(date(2026, 3, 1), date(2026, 3, 9))
APRIL = Days(date(2026, 4, 1), date(2026, 4, 9))


def recorded(*challenges: tuple[str, Days]) -> Challenges:
    found = Challenges()
    for version, days in challenges:
        found = found.record(version, days)
    return found


def test_however_many_challenges_there_are_they_spend_no_more_than_one_comparison_would() -> None:
    spent = [1 - confidence_of(0.95, place) for place in range(1, 1000)]
    assert spent[0] == pytest.approx(0.0304, abs=1e-4)
    assert spent == sorted(spent, reverse=True)
    assert 0.0499 < sum(spent) < 0.05


def test_each_challenge_on_overlapping_rows_comes_after_the_earlier_ones() -> None:
    challenges = recorded(("2", MARCH), ("3", MARCH), ("4", Days(date(2026, 3, 9), date(2026, 3, 20))))
    assert challenges.place("5", MARCH) == 4
    assert challenges.place("5", Days(date(2026, 3, 10), date(2026, 3, 30))) == 2
    assert challenges.place("5", APRIL) == 1
    assert Challenges().place("5", MARCH) == 1


def test_a_challenge_that_is_run_again_keeps_its_place() -> None:
    challenges = recorded(("2", MARCH), ("3", MARCH))
    assert challenges.place("2", MARCH) == 1
    assert challenges.record("2", MARCH) == challenges


def test_a_version_of_another_model_is_no_earlier_challenger() -> None:
    assert recorded(("2", MARCH)).place(None, MARCH) == 2


def test_the_tag_can_be_read_by_people_and_back() -> None:
    challenges = recorded(("2", MARCH), ("3", MARCH), ("4", Days(date(2026, 3, 5), date(2026, 3, 20))))
    assert str(challenges) == "2,3 on 2026-03-01/2026-03-09; 4 on 2026-03-05/2026-03-20"
    assert Challenges.parse(str(challenges)) == challenges
    assert Challenges.parse("") == Challenges()


@pytest.mark.parametrize("text", ["nonsense", "2 on 2026-03-01", "2 on 2026-03-01/2026-03-09;"])
def test_an_unreadable_tag_is_an_error(text: str) -> None:
    with pytest.raises(ProjectError, match="unreadable tag challenges"):
        Challenges.parse(text)


def test_challenges_on_rows_that_are_over_are_forgotten() -> None:
    assert str(recorded(("2", MARCH), ("3", APRIL))) == "3 on 2026-04-01/2026-04-09"


@pytest.mark.parametrize("step", [0, 1])
def test_any_number_of_challenges_fits_into_a_tag_and_none_is_lost(step: int) -> None:
    challenges = Challenges()
    for version in range(1, 401):
        first = date(2026, 1, 1) + step * timedelta(days=version)
        days = Days(first, first + timedelta(days=1000))
        assert challenges.place(f"{version}", days) == version
        challenges = Challenges.parse(str(challenges.record(f"{version}", days)))
        assert challenges.place(f"{version}", days) == version
        assert len(str(challenges)) <= 1000
