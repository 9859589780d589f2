"""Formats numbers, and escapes text for Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

Cell = str | float | None

_MANY, _TOO_MANY, _TENTH = 1000, 1e15, 0.1


def escape(text: str) -> str:
    """Return the text as one line in which no character acts as Markdown or HTML markup."""
    line = html.escape(" ".join(text.split()), quote=False).replace("|", "&#124;")
    line = re.sub(r"([\\`*\[\]])", r"\\\1", line)
    line = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)  # inside a word it is not markup
    # Headings and lists; a leading > is already an HTML entity here.
    return re.sub(r"^((?:\d+(?=[.)] ))?)([#+.)-])", r"\1\\\2", line)


def number(value: float) -> str:
    """Return a number with four significant digits; above a thousand, with all digits before the decimal point."""
    return f"{value:,.0f}" if _MANY <= abs(value) < _TOO_MANY else f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share in percent: without decimals from 10 % on, and with two significant digits below."""
    return f"{100 * share:,.0f} %" if abs(share) >= _TENTH else f"{100 * share:.2g} %"


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table, or an empty string if there are no rows. None is shown as an empty cell."""
    body = [[_cell(cell) for cell in row] for row in rows]
    lines = [[escape(name) for name in head], ["---"] * len(head), *body] if body else []
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    return escape(value) if isinstance(value, str) else number(value)
