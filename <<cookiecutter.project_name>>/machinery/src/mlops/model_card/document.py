"""The parts of a document that is written both as Markdown and as an HTML page, and times in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Tone = Literal["good", "bad", "open"]


@dataclass(frozen=True)
class Chip:
    """A word about a result."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Bar:
    """A text with a bar, whose length is a share between 0 and 1; a share outside is cut."""

    text: str
    share: float
    tone: Tone = "good"


Cell = str | float | None | Chip | Bar


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Facts:
    """Names with their values; those without a value are left out."""

    values: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table with a head; without rows it is left out."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Figure:
    """A number or another short text in large type, with its name above and a remark below."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Banner:
    """The main statement of the document, with its reasons and a few figures."""

    headline: str
    tone: Tone
    reasons: Sequence[str]
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Plots:
    """Plots among the artifacts of the run, by their paths."""

    paths: Sequence[str]


@dataclass(frozen=True)
class Fold:
    """Parts that a page shows only on request."""

    title: str
    blocks: Sequence[Block]


Block = Note | Bullets | Facts | Table | Banner | Plots | Fold


@dataclass(frozen=True)
class Section:
    """A part of the document with a heading."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """A title, a sentence below it, and the sections."""

    title: str
    lead: str
    sections: Sequence[Section]


def moment(text: str) -> str:
    """Return an ISO time to the minute, in UTC if it has a time zone; return any other text unchanged."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{time:%Y-%m-%d %H:%M}" if time.tzinfo is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(text: str) -> str:
    """Return the day of an ISO time, in UTC if it has a time zone; return any other text unchanged."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{time if time.tzinfo is None else time.astimezone(UTC):%Y-%m-%d}"
