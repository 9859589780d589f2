"""The cells of a notebook and what they showed, as an HTML page in one file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO
from typing import Any

import pandas as pd
from markdown import markdown
from matplotlib.figure import Figure

from mlops.model_card.style import CSS

from .execute import Ran

_MOST_ROWS = 100  # of a table on the page
_MORE_CSS = """
pre{background:var(--raised);border-radius:8px;padding:.6rem 1rem;overflow-x:auto;font-size:.85rem;white-space:pre-wrap}
details{padding:.2rem .8rem}summary{font-weight:400;font-size:.85rem;color:var(--quiet)}
h1+section h2{position:static;width:auto;height:auto;clip-path:none}
img{max-width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:8px;margin:.5rem 0}
body{max-width:76rem}.table{max-height:48rem;overflow:auto}td{white-space:nowrap}td:last-child{white-space:normal;min-width:13rem}
"""


def page(title: str, ran: Sequence[Ran]) -> str:
    """Return the page; the title is that of the browser's tab."""
    body = "\n".join(part for result in ran for part in _cell(result))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"<style>{CSS}{_MORE_CSS}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _cell(ran: Ran) -> Iterator[str]:
    if ran.cell.kind == "markdown":
        yield markdown(ran.cell.text, extensions=["tables", "fenced_code"])
    if ran.cell.kind == "code":
        yield f"<details><summary>code, line {ran.cell.line}</summary><pre>{escape(ran.cell.text)}</pre></details>"
    yield from map(_as_html, ran.shown)


def _as_html(value: Any) -> str:  # noqa: ANN401 - whatever a notebook displays
    if isinstance(value, Figure):
        file = BytesIO()
        value.savefig(file, format="png")
        return f'<img alt="plot" src="data:image/png;base64,{b64encode(file.getvalue()).decode("ascii")}">'
    if isinstance(value, pd.DataFrame):
        table = value.head(_MOST_ROWS).to_html(index=_has_index(value), border=0, float_format=_number, na_rep="")
        more = f"<p>the first {_MOST_ROWS} of {len(value):,} rows</p>" if len(value) > _MOST_ROWS else ""
        return f'<div class="table">{table}</div>{more}' if len(value) else "<p>no rows</p>"
    return f"<pre>{escape(str(value).rstrip())}</pre>" if str(value).strip() else ""


def _has_index(frame: pd.DataFrame) -> bool:
    return not isinstance(frame.index, pd.RangeIndex)


def _number(value: float) -> str:
    return f"{value:,.5g}"
