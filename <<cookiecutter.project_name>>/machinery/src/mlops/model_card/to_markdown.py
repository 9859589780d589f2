"""Writes a document as Markdown; text is escaped, and folds are plain parts."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from ..markdown_text import escape, table
from .document import Banner, Bar, Block, Bullets, Cell, Chip, Document, Facts, Figure, Fold, Note, Plots, Table


def markdown(document: Document) -> str:
    """Return the document as Markdown with tables."""
    lead = [escape(document.lead)] if document.lead else []
    parts = [f"## {escape(section.title)}\n\n{_join(section.blocks)}" for section in document.sections]
    return "\n\n".join([f"# {escape(document.title)}", *lead, *parts, ""])


def link(path: str) -> str:
    """Return the address of a file of the run, relative to the card."""
    return f"../{quote(path)}"


def _join(blocks: Sequence[Block]) -> str:
    return "\n\n".join(text for text in map(_block, blocks) if text)


def _block(block: Block) -> str:
    match block:
        case Note(text):
            written = escape(text)
        case Bullets(items):
            written = _list(items)
        case Facts(values):
            written = table(["", ""], [(name, value) for name, value in values.items() if value])
        case Table(head, rows):
            written = table(head, [[_plain(cell) for cell in row] for row in rows])
        case Banner(headline, _, reasons, figures):
            parts = (f"**{escape(headline)}**", _list(reasons), _list([_figure(figure) for figure in figures]))
            written = "\n\n".join(part for part in parts if part)
        case Plots(paths):
            written = "\n".join(f"- [{escape(path.rpartition('/')[2])}]({link(path)})" for path in paths)
        case Fold(title, blocks):
            written = f"{escape(title)}\n\n{_join(blocks)}"
    return written


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {escape(item)}" for item in items)


def _figure(figure: Figure) -> str:
    return f"{figure.name}: {figure.value}{figure.remark and f' ({figure.remark})'}"


def _plain(cell: Cell) -> str | float | None:
    return cell.text if isinstance(cell, Chip | Bar) else cell
