"""Writes a document as an HTML page in one file: text is escaped, and plots are part of the page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePosixPath

from ..markdown_text import number
from .document import Banner, Bar, Block, Bullets, Cell, Chip, Document, Facts, Figure, Fold, Note, Plots, Table
from .style import CSS
from .to_markdown import link


def html(document: Document, pictures: Mapping[str, bytes]) -> str:
    """Return the document as a page.

    Args:
        document: The document.
        pictures: PNG files by their paths; a plot that is not among them is a link.
    """
    title = _text(document.title)
    lead = f'<p class="lead">{_text(document.lead)}</p>\n' if document.lead else ""
    parts = [
        f"<section>\n<h2>{_text(section.title)}</h2>\n{_join(section.blocks, pictures)}\n</section>\n"
        for section in document.sections
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n<style>{CSS}</style>\n</head>\n'
        f"<body>\n<h1>{title}</h1>\n{lead}{''.join(parts)}</body>\n</html>\n"
    )


def _join(blocks: Sequence[Block], pictures: Mapping[str, bytes]) -> str:
    return "\n".join(text for block in blocks if (text := _block(block, pictures)))


def _block(block: Block, pictures: Mapping[str, bytes]) -> str:
    match block:
        case Note(text):
            written = f"<p>{_text(text)}</p>"
        case Bullets(items):
            written = _list(items)
        case Facts(values):
            pairs = [f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in values.items() if value]
            written = f"<dl>{''.join(pairs)}</dl>" if pairs else ""
        case Table():
            written = _table(block)
        case Banner():
            written = _banner(block)
        case Plots(paths):
            drawn = "\n".join(_plot(path, pictures.get(path)) for path in paths)
            written = f'<div class="plots">\n{drawn}\n</div>' if drawn else ""
        case Fold(title, blocks):
            written = f"<details>\n<summary>{_text(title)}</summary>\n{_join(blocks, pictures)}\n</details>"
    return written


def _table(block: Table) -> str:
    if not block.rows:
        return ""
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in block.head)
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in block.rows)
    return f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'


def _cell(cell: Cell) -> str:
    match cell:
        case None:
            return "<td></td>"
        case str():
            return f"<td>{_text(cell)}</td>"
        case Chip(text, tone):
            return f'<td><span class="chip {tone}">{_text(text)}</span></td>'
        case Bar(text, share, tone):
            width = f"{100 * min(max(share, 0.0), 1.0):.1f}%"
            return f'<td class="bar"><i><b class="{tone}" style="width:{width}"></b></i>{_text(text)}</td>'
    return f'<td class="number">{_text(number(cell))}</td>'


def _banner(block: Banner) -> str:
    figures = "".join(map(_figure, block.figures))
    shown = f'\n<div class="figures">{figures}</div>' if figures else ""
    content = f"<strong>{_text(block.headline)}</strong>\n{_list(block.reasons)}"
    return f'<div class="banner {block.tone}">\n{content}</div>{shown}'


def _figure(figure: Figure) -> str:
    remark = f"<small>{_text(figure.remark)}</small>" if figure.remark else ""
    return f"<div><span>{_text(figure.name)}</span><b>{_text(figure.value)}</b>{remark}</div>"


def _list(items: Sequence[str]) -> str:
    return f"<ul>\n{''.join(f'<li>{_text(item)}</li>' for item in items)}\n</ul>" if items else ""


def _plot(path: str, picture: bytes | None) -> str:
    name = _text(PurePosixPath(path).stem.replace("_", " "))
    if picture is None:
        return f'<p><a href="{_text(link(path))}">{_text(path.rpartition("/")[2])}</a></p>'
    return f'<img alt="Plot: {name}" src="data:image/png;base64,{b64encode(picture).decode("ascii")}">'


def _text(text: str) -> str:
    """Return the text as one line in which no character acts as markup."""
    return escape(" ".join(text.split()))
