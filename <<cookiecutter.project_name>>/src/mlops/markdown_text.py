"""Escapes text for Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

Cell = str | float | None


def escaped(text: str) -> str:
    """Return the text as one line in which no character acts as Markdown or HTML markup."""
    line = html.escape(" ".join(text.split()), quote=False).replace("|", "&#124;")
    line = re.sub(r"([\\`*\[\]])", r"\\\1", line)
    line = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)  # inside a word it is not markup
    # Headings and lists; a leading > is already an HTML entity here.
    return re.sub(r"^((?:\d+(?=[.)] ))?)([#+.)-])", r"\1\\\2", line)


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table, or an empty string if there are no rows.

    Numbers are shown with four significant digits, and None as an empty cell.
    """
    body = [[_cell(cell) for cell in row] for row in rows]
    lines = [[escaped(name) for name in head], ["---"] * len(head), *body] if body else []
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    return escaped(value) if isinstance(value, str) else f"{value:.4g}"
