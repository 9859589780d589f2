"""What holds for every document, as Markdown and as a page."""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import markdown as reader
import pytest

from mlops.model_card.card import ModelCard
from mlops.model_card.document import Bar, Document, Section, Table
from mlops.model_card.sections import document
from mlops.model_card.to_html import html
from mlops.model_card.to_markdown import markdown

Shown = Callable[[ModelCard], str]
PICTURE = b"\x89PNG picture"


def page(card: ModelCard) -> str:
    return html(document(card), {})


def read(card: ModelCard) -> str:
    """Return the Markdown as a viewer shows it."""
    return reader.markdown(markdown(document(card)), extensions=["tables"])


@pytest.mark.parametrize("shown", [page, read])
def test_text_written_by_people_is_never_markup(full: ModelCard, shown: Shown) -> None:
    evil = '<script>alert(1)</script> a|b *bold* [x](javascript:y) __z__ `c` "d"\n\n# head & tail'
    card = replace(full, description=evil, limits=evil, decision=f"promote: {evil}", owner=evil, challenged_by=evil)
    text = shown(replace(card, name=evil, plots=(f"explain/{evil.replace('/', '')}.png",))).replace("&quot;", '"')
    assert "<script" not in text
    assert 'href="javascript' not in text
    expected = '&lt;script&gt;alert(1)&lt;/script&gt; a|b *bold* [x](javascript:y) __z__ `c` "d" # head &amp; tail'
    body = text.partition("<h1>")[2].replace("&#124;", "|")
    assert body.count(expected) == 6
    assert text.count("<h1>") == 1
    assert text.count("<h2>") == 8


@pytest.mark.parametrize("shown", [page, read])
@pytest.mark.parametrize("text", ["# head", "- item", "1. item", "2) item", "+ item", "> quote", "* item", "_a_"])
def test_text_at_the_start_of_a_line_is_not_a_heading_or_list(empty: ModelCard, text: str, shown: Shown) -> None:
    found = shown(replace(empty, description=text, limits=text))
    expected = text.replace(">", "&gt;")
    limits = found.split("<h2>Limits</h2>")[1].partition("</ul>")[0]
    assert limits.strip() == f"<ul>\n<li>{expected}</li>"
    lead = found.split("</h1>")[1].partition("</p>")[0]
    assert lead.strip() in {f"<p>{expected}", f'<p class="lead">{expected}'}


def test_the_page_is_one_file(full: ModelCard) -> None:
    text = html(document(full), dict.fromkeys(full.plots, PICTURE))
    assert text.startswith("<!DOCTYPE html>")
    assert "<title>dev.taxi.fare, version 3</title>" in text
    assert text.count(f'src="data:image/png;base64,{b64encode(PICTURE).decode()}"') == len(full.plots)
    without = re.sub(r'src="data:image/png;base64,[^"]*"', "", text)
    for elsewhere in ("<link", "<script", "src=", "href=", "url(", "@import", "http:", "https:"):
        assert elsewhere not in without


def test_a_plot_that_is_not_in_the_page_is_a_link(full: ModelCard) -> None:
    text = html(document(full), {"explain/importance.png": PICTURE})
    assert text.count("<img") == 1
    assert '<a href="../explain/residuals.png">residuals.png</a>' in text


def test_the_page_fits_phones_and_dark_screens(empty: ModelCard) -> None:
    text = page(empty)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert '<meta name="color-scheme" content="light dark">' in text
    assert "@media(prefers-color-scheme:dark)" in text


@pytest.mark.parametrize(("share", "width"), [(-0.5, "0.0%"), (0.256, "25.6%"), (1.3, "100.0%")])
def test_a_bar_is_never_longer_than_its_frame(share: float, width: str) -> None:
    text = html(Document("t", "", [Section("s", [Table(["a"], [[Bar("x", share)]])])]), {})
    assert f'style="width:{width}"' in text


def test_an_empty_table_and_facts_without_values_are_left_out(empty: ModelCard) -> None:
    found = Document("t", "", [Section("s", [Table(["a"], [])])])
    assert "<table" not in html(found, {})
    assert "|" not in markdown(found)
    assert "last challenged by" not in page(empty)
