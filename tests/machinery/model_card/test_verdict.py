from dataclasses import replace

import pytest

from mlops.model_card.card import ModelCard
from mlops.model_card.verdict import banner, history
from mlops.validation.check import Check

FAILED = tuple(Check(f"m{number}", passed=False, reason=f"m{number} is too high") for number in range(7))


@pytest.mark.parametrize(
    ("changes", "headline", "tone"),
    [
        ({}, "Champion since 2026-11-25 18:21 UTC", "good"),
        ({"champion_since": "2026-11-25T18:21:04+02:00"}, "Champion since 2026-11-25 16:21 UTC", "good"),
        ({"champion_since": "lately"}, "Champion since lately", "good"),
        ({"champion_since": ""}, "Champion", "good"),
        ({"champion_since": "", "status": "FAILED"}, "Champion, although its last validation failed", "bad"),
        ({"champion_since": "", "status": "PENDING"}, "Champion, although its last validation has not finished", "bad"),
        ({"champion_since": "", "rolled_back": "bad"}, "Champion, although it was rolled back", "bad"),
        ({"champion": "2", "rolled_back": "bad"}, "Rolled back", "bad"),
        ({"champion": "4"}, "Former champion: version 4 is champion now", "open"),
        ({"champion": ""}, "Former champion: there is no champion now", "open"),
        ({"champion": "2", "status": "FAILED"}, "Failed validation on 2026-11-25 10:02 UTC", "bad"),
        ({"champion": "2", "status": "PENDING"}, "Validation has not finished", "open"),
        ({"champion": "2", "status": ""}, "Not validated yet", "open"),
        (
            {"champion": "2", "champion_since": "", "decision": "keep the champion: no better"},
            "Passed validation, but was not promoted",
            "open",
        ),
        (
            {"champion": "2", "champion_since": ""},
            "Passed validation, but its promotion has not finished",
            "open",
        ),
        (
            {"champion": "2", "champion_since": "", "decision": ""},
            "Passed validation, not yet compared with the champion",
            "open",
        ),
    ],
)
def test_the_headline_says_what_became_of_the_version(
    full: ModelCard, changes: dict[str, str], headline: str, tone: str
) -> None:
    found = banner(replace(full, **changes))  # type: ignore[arg-type]
    assert (found.headline, found.tone) == (headline, tone)


def test_a_version_about_which_nothing_is_known_is_not_validated(empty: ModelCard) -> None:
    found = banner(empty)
    assert (found.headline, found.reasons, found.figures) == ("Not validated yet", (), ())
    assert history(empty).values["validation"] == "not yet"


def test_the_reason_is_that_of_the_decision(full: ModelCard) -> None:
    assert banner(full).reasons == ("rmse 2 beats rmse 3",)
    assert banner(replace(full, champion="2", rolled_back="fares went wild")).reasons == ("fares went wild",)
    assert banner(replace(full, champion="2", decision="keep the champion: no better")).reasons == ("no better",)


def test_the_reasons_of_a_failure_are_the_first_failed_checks(full: ModelCard) -> None:
    failed = replace(full, champion="2", status="FAILED", checks=(*full.checks, *FAILED))
    assert banner(failed).reasons == (*(check.reason for check in FAILED[:5]), "and 2 more, below")
    without = replace(failed, checks=(), reasons="ProjectError: no rows")
    assert banner(without).reasons == ("ProjectError: no rows",)


def test_the_figures_are_the_deciding_metric_the_checks_and_the_rows(full: ModelCard) -> None:
    found = {figure.name: (figure.value, figure.remark) for figure in banner(full).figures}
    assert found == {
        "rmse, held-out rows": ("2", "naive baseline: 9.5"),
        "checks passed": ("3 of 4", "1 skipped"),
        "training rows": ("7,000", "held out: 1,500"),
    }


def test_the_history_has_everything_that_was_recorded(full: ModelCard) -> None:
    found = {name: value for name, value in history(full).values.items() if value}
    assert found == {
        "registered": "2026-11-25 10:00 UTC",
        "validation": "passed on 2026-11-25 10:02 UTC",
        "replaced": "version 2",
        "last challenged by": "version 4, keep the champion: no better",
        "compared with production": "beats the other",
        "accepted leakage": "tip: known before the trip",
        "promotion paused": "until the review",
    }


def test_the_history_has_what_the_reasons_leave_out(full: ModelCard) -> None:
    rolled_back = history(replace(full, champion="2", rolled_back="bad")).values
    assert rolled_back["decision"] == "promote: rmse 2 beats rmse 3"
    assert rolled_back["champion now"] == "version 2"
    assert history(replace(full, champion_since="")).values["champion since"] == "not recorded"
    assert history(replace(full, previous_champion="none")).values["replaced"] == ""
    assert history(replace(full, status="PENDING")).values["validation"].endswith("10:02 UTC, not finished")
    again = history(replace(full, validation_error="at 2026-12-01T10:00:00+00:00: ProjectError: no rows")).values
    assert again["validation"] == "passed on 2026-11-25 10:02 UTC"
    assert again["last validation"] == "ended in an error at 2026-12-01T10:00:00+00:00: ProjectError: no rows"
