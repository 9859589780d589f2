from dataclasses import replace

import pytest

from mlops.config.validation import Bound
from mlops.model_card.card import ModelCard
from mlops.model_card.sections import document
from mlops.model_card.to_html import html
from mlops.model_card.to_markdown import markdown
from mlops.validation.check import Check, SliceResult, within

SECTIONS = (
    "Verdict",
    "Checks",
    "Slices",
    "Limits",
    "Performance",
    "Data",
    "What moves the prediction",
    "About this version",
)


def section(card: ModelCard, name: str) -> str:
    """Return the text of one section."""
    return markdown(document(card)).split(f"## {name}\n")[1].split("\n## ", maxsplit=1)[0].strip()


def passing(count: int, prefix: str = "m") -> tuple[Check, ...]:
    """Return checks that pass with ever greater margins."""
    return tuple(within(f"{prefix}{number}", 9.0 - number, Bound(max=10)) for number in range(count))


@pytest.mark.parametrize("known", ["empty", "full"])
def test_both_formats_have_every_section_the_verdict_first(known: str, request: pytest.FixtureRequest) -> None:
    found = document(request.getfixturevalue(known))
    assert [line.removeprefix("## ") for line in markdown(found).splitlines() if line.startswith("## ")] == list(
        SECTIONS
    )
    page = html(found, {})
    places = [page.index(f"<h2>{name}</h2>") for name in SECTIONS]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Verdict", "**Not validated yet**"),
        ("Checks", "No checks yet: the task validate runs them."),
        ("Slices", "No slices yet: the task validate measures them."),
        ("Limits", "None known yet."),
        ("Performance", "No metrics yet: the task train measures them."),
        ("Data", "No rows yet: the task train records them."),
        ("What moves the prediction", "Not explained yet: the task explain does it."),
        ("About this version", "| owner | not recorded |"),
    ],
)
def test_a_section_without_content_says_what_is_missing(empty: ModelCard, name: str, said: str) -> None:
    assert said in section(empty, name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Verdict", "**Champion since 2026-11-25 18:21 UTC**\n\n- rmse 2 beats rmse 3\n\n- rmse, held-out rows: 2"),
        ("Verdict", "| promotion paused | until the review |"),
        ("Checks", "| rmse | 2 | at most 8 | 75 % |"),
        ("Checks", "| signature | passed |  |  | the signature names the features |"),
        ("Slices", "| far | trip_distance &gt;= 5 | 1,117 | rmse | 5 | 163 % worse | at most 15 | passed |"),
        ("Slices", "| night | pickup_hour &lt; 6 | 3 |  |  |  | at least 50 rows | skipped |"),
        ("Limits", "- It is weaker where trip_distance &gt;= 5"),
        ("Performance", "| metric | training | held out | naive baseline |\n| --- |"),
        ("Performance", "| rmse | 1.235 | 2 | 9.5 |"),
        ("Performance", "[residuals.png](../explain/residuals.png)"),
        ("Data", "| source table | dev.raw.trips, version 12 |"),
        ("Data", "| training | 7,000 | 2016-01-01 00:06 | 2016-02-12 12:06 |"),
        ("Data", "| held out | 1,500 | 2016-02-21 13:26 | 2016-02-29 23:58 |"),
        ("Data", "| trip_distance |  | 1 | 10 | 500 | 990 | 1,000 |"),
        ("What moves the prediction", "| input | mean absolute SHAP value, in fare_amount |"),
        ("What moves the prediction", "| trip_distance | 6.5 |\n| pickup_hour | 0.25 |"),
        ("What moves the prediction", "[importance.png](../explain/importance.png)"),
        ("About this version", "| predicts | fare_amount (regression) |"),
        ("About this version", "| hyperparameters | learning_rate = 0.0219, loss = squared |"),
        (
            "About this version",
            "| owner | taxi-team |\n| git commit | abc123 |\n| machinery | 1.0.0 |\n| MLflow run | run7 |",
        ),
    ],
)
def test_the_card_shows_what_is_known(full: ModelCard, name: str, expected: str) -> None:
    assert expected in section(full, name)


def test_the_checks_nearest_to_their_bounds_come_first_and_the_others_are_folded(full: ModelCard) -> None:
    page = html(document(replace(full, checks=(*reversed(passing(8)), *full.checks[:1]))), {})
    shown, folded = page.split("<h2>Checks</h2>")[1].split("</details>")[0].split("<details>")
    names = [cell.partition("<")[0] for cell in shown.split("<tr><td>")[1:]]
    assert names == [f"m{number}" for number in range(5)]
    assert "9 of 9 checks passed. These of them are nearest to their bounds" in shown
    assert "<summary>All other checks: 4 passed</summary>" in folded
    assert all(f"<td>{name}</td>" in folded for name in ("m5", "m6", "m7", "signature"))


def test_failed_checks_come_before_those_nearest_to_their_bounds(full: ModelCard) -> None:
    failed = Check("signature", passed=False, reason="the signature lacks outputs")
    text = section(replace(full, checks=(*passing(2), failed)), "Checks")
    assert text.index("| signature | FAILED |  |  | the signature lacks outputs |") < text.index("| m0 |")
    assert "2 of 3 checks passed" in text


def test_the_checks_of_an_older_report_without_margins_are_shown(full: ModelCard) -> None:
    older = Check("rmse", passed=True, reason="rmse 2 is within its bounds", value=2.0, bound="at most 8")
    assert "| rmse | passed | 2 | at most 8 | rmse 2 is within its bounds |" in section(
        replace(full, checks=(older,)), "Checks"
    )


def test_the_weakest_slices_come_first_and_the_others_are_folded(full: ModelCard) -> None:
    checks = [
        replace(check, on_slice=SliceResult(f"s{number}", "a > 1", 100, "rmse", number / 100))
        for number, check in enumerate(passing(10, "slice s"))
    ]
    page = html(document(replace(full, checks=tuple(checks))), {})
    shown, folded = page.split("<h2>Slices</h2>")[1].split("</details>")[0].split("<details>")
    named = [name for name in shown.split("<tr><td>") if name.startswith("s")]
    assert [name.partition("<")[0] for name in named] == [f"s{number}" for number in range(9, 1, -1)]
    assert "<summary>2 other checks of slices</summary>" in folded
    assert "<td>s0</td>" in folded


def test_a_slice_of_an_older_report_is_shown_with_its_reason(full: ModelCard) -> None:
    older = Check("slice night rmse", passed=True, reason="fine", value=2.0, bound="at most 8")
    assert "| night rmse |  |  |  | 2 | fine | at most 8 | passed |" in section(
        replace(full, checks=(older,)), "Slices"
    )


def test_a_version_without_slices_says_where_they_are_defined(full: ModelCard) -> None:
    assert "validation.slices in project.yml" in section(replace(full, checks=full.checks[:2]), "Slices")


def test_a_version_without_a_span_for_each_split_has_one_for_all_its_rows(full: ModelCard) -> None:
    text = section(replace(full, spans={}), "Data")
    assert "| all rows, held-out rows included | 2016-01-01 00:00 to 2016-02-29 00:00 |" in text
    assert "| training | 7,000 |  |  |" in text
    assert "held-out rows included" not in section(full, "Data")


def test_the_card_says_why_there_is_no_importance(empty: ModelCard) -> None:
    card = replace(empty, explanation="skipped: the model is broken")
    assert section(card, "What moves the prediction") == "skipped: the model is broken"
