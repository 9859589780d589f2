from dataclasses import replace

import pytest

from mlops.model_card.render import NOT_YET, ModelCard, html, markdown
from mlops.validation.check import Check

EMPTY = ModelCard(name="dev.taxi.fare", version="3", run_id="run7")
FULL = replace(
    EMPTY,
    description="Predicts a fare.",
    problem_type="regression",
    label="fare_amount",
    algorithm="Trees",
    hyperparameters={"learning_rate": "0.1"},
    source_table="dev.raw.trips",
    source_version="12",
    data_from="2016-01-01",
    data_to="2016-02-29",
    rows={"train": "700", "holdout": "150"},
    metrics={"train": {"rmse": 1.23456}, "holdout": {"rmse": 2.0}, "naive baseline": {"rmse": 9.5}},
    status="PASSED",
    reasons="3 of 3 checks passed",
    slices=(Check("slice night", passed=True, reason="slice night has 3 rows", value=3.0, skipped=True),),
    checks=(
        Check("rmse", passed=True, reason="rmse 2 is within its bounds", value=2.0, bound="at most 8"),
        Check("signature", passed=False, reason="the signature lacks outputs"),
    ),
    decision="promoted: better",
    comparison="beats the other",
    previous_champion="2",
    importance={"trip_distance": 6.5, "pickup_hour": 0.25},
    importance_of="fare_amount",
    owner="taxi-team",
    git_commit="abc123",
    plots=("explain/importance.png",),
)
SECTIONS = (
    "What it is",
    "Data",
    "Metrics",
    "Slices",
    "Validation",
    "Comparison and decision",
    "What moves the prediction",
    "Limits",
    "Contact",
    "Origin",
    "Plots",
)


def section(text: str, name: str) -> str:
    """Return the text of one section."""
    return text.split(f"## {name}\n")[1].split("\n## ", maxsplit=1)[0]


@pytest.mark.parametrize("card", [EMPTY, FULL])
def test_both_formats_have_every_section(card: ModelCard) -> None:
    text, page = markdown(card), html(card)
    assert [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    for name in SECTIONS:
        assert f"<h2>{name}</h2>" in page


@pytest.mark.parametrize("name", [name for name in SECTIONS if name != "Limits"])
def test_only_sections_without_content_say_not_yet(name: str) -> None:
    assert NOT_YET in section(markdown(EMPTY), name)
    assert NOT_YET not in section(markdown(FULL), name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("What it is", "| hyperparameters | learning_rate = 0.1 |"),
        ("Data", "| time span | 2016-01-01 to 2016-02-29 |"),
        ("Data", "| source table | dev.raw.trips |\n| its version | 12 |"),
        ("Data", "| rows | 700 train, 150 holdout |"),
        ("Metrics", "| metric | train | holdout | naive baseline |\n| --- |"),
        ("Metrics", "| rmse | 1.235 | 2 | 9.5 |"),
        ("Slices", "| slice night | skipped | 3 |  | slice night has 3 rows |"),
        ("Validation", "| status | PASSED |"),
        ("Validation", "| rmse | passed | 2 | at most 8 | rmse 2 is within its bounds |"),
        ("Validation", "| signature | FAILED |  |  | the signature lacks outputs |"),
        ("Comparison and decision", "| previous champion | 2 |"),
        ("What moves the prediction", "| feature | mean absolute SHAP value, in fare_amount |"),
        ("What moves the prediction", "| trip_distance | 6.5 |\n| pickup_hour | 0.25 |"),
        ("Contact", "taxi-team"),
        ("Origin", "abc123"),
        ("Origin", "run7"),
        ("Plots", "[importance.png](../explain/importance.png)"),
    ],
)
def test_the_card_shows_what_is_known(name: str, expected: str) -> None:
    assert expected in section(markdown(FULL), name)


def test_the_limits_come_from_the_settings_or_else_from_the_data() -> None:
    derived = section(markdown(FULL), "Limits")
    assert "from 2016-01-01 to 2016-02-29" in derived
    assert "slice night has 3 rows: do not rely on it there" in derived
    given = section(markdown(replace(FULL, limits="Not for airports.")), "Limits")
    assert given.strip() == "- Not for airports."


def test_the_card_says_why_there_is_no_importance() -> None:
    card = replace(EMPTY, explanation="skipped: the model is broken")
    assert section(markdown(card), "What moves the prediction").strip() == "skipped: the model is broken"


def test_a_version_that_was_rolled_back_says_so() -> None:
    assert "| rolled back | bad fares |" in markdown(replace(FULL, rolled_back="bad fares"))


def test_text_written_by_people_is_never_markup() -> None:
    evil = "<script>alert(1)</script> a|b *bold* [x](javascript:y) __z__ `c`\n\n# head & tail"
    page = html(replace(FULL, description=evil, limits=evil, decision=evil))
    assert "<script>" not in page
    assert 'href="javascript' not in page
    shown = "&lt;script&gt;alert(1)&lt;/script&gt; a&#124;b *bold* [x](javascript:y) __z__ `c` # head &amp; tail"
    assert page.count(shown) == 3
    assert page.count("<h1>") == 1


@pytest.mark.parametrize("text", ["# head", "- item", "1. item", "2) item", "+ item", "> quote", "* item", "_a_"])
def test_text_at_the_start_of_a_line_is_not_a_heading_or_list(text: str) -> None:
    shown = html(replace(FULL, limits=text)).split("<h2>Limits</h2>")[1].split("<h2>")[0]
    assert shown.strip() == f"<ul>\n<li>{text.replace('>', '&gt;')}</li>\n</ul>"


def test_the_page_is_one_file_with_tables() -> None:
    page = html(FULL)
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>dev.taxi.fare, version 3</title>" in page
    assert page.count("<table>") == 10
    for elsewhere in ("<link", "<script", "src=", "http:", "https:"):
        assert elsewhere not in page
