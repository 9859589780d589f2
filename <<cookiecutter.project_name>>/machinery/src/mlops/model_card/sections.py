"""The sections of a card."""

from __future__ import annotations

import contextlib
from pathlib import PurePosixPath

from ..markdown_text import number, percent
from ..training.inputs import Input
from .card import ModelCard
from .checks import checks, slices
from .document import Bar, Block, Bullets, Cell, Document, Facts, Fold, Note, Plots, Section, Table, moment
from .limits import limits
from .verdict import banner, history

ROWS = {"train": "training", "validation": "tuning", "holdout": "held out", "baseline": "naive baseline"}
_OF_EXPLANATION = ("importance", "shap_values")


def document(card: ModelCard) -> Document:
    """Return the card as a document: the verdict first, then what supports it."""
    sections: dict[str, list[Block]] = {
        "Verdict": [banner(card), history(card)],
        "Checks": checks(card),
        "Slices": slices(card),
        "Limits": [Bullets(limits(card)) if limits(card) else Note("None known yet.")],
        "Performance": _performance(card),
        "Data": _data(card),
        "What moves the prediction": _importance(card),
        "About this version": [_about(card)],
    }
    title = f"{card.name}, version {card.version}"
    return Document(title, card.description, [Section(name, blocks) for name, blocks in sections.items()])


def _performance(card: ModelCard) -> list[Block]:
    names = dict.fromkeys(name for values in card.metrics.values() for name in values)
    rows: list[list[Cell]] = [[name, *[values.get(name) for values in card.metrics.values()]] for name in names]
    plots = [path for path in card.plots if PurePosixPath(path).stem not in _OF_EXPLANATION]
    head = ["metric", *[ROWS.get(where, where) for where in card.metrics]]
    return [Table(head, rows) if rows else Note("No metrics yet: the task train measures them."), Plots(plots)]


def _data(card: ModelCard) -> list[Block]:
    spans = {name: tuple(map(moment, span)) for name, span in card.spans.items()}
    splits = [(ROWS.get(name, name), count, *spans.get(name, ("", ""))) for name, count in card.rows.items()]
    sources = [f"{table}, version {version}" if version else table for table, version in card.sources.items()]
    facts = {f"source table{'s' if sources[1:] else ''}": "; ".join(sources)}
    if not card.spans and card.data_from and card.data_to:
        facts["all rows, held-out rows included"] = f"{moment(card.data_from)} to {moment(card.data_to)}"
    if not splits and not any(facts.values()):
        return [Note("No rows yet: the task train records them.")]
    blocks: list[Block] = [Facts(facts), Table(["rows", "count", "from", "to"], splits)]
    if card.inputs:
        head = ["input", "missing", "smallest", "1st percentile", "median", "99th percentile", "greatest"]
        described = Table(head, [_input(column) for column in card.inputs])
        blocks.append(Fold(f"The {len(card.inputs)} inputs in the training rows", [described]))
    return blocks


def _input(column: Input) -> list[Cell]:
    missing = percent(column.missing / column.rows) if column.missing else ""
    return [column.name, missing, column.smallest, column.low, column.median, column.high, column.greatest]


def _importance(card: ModelCard) -> list[Block]:
    plots = Plots([path for path in card.plots if PurePosixPath(path).stem in _OF_EXPLANATION])
    if not card.importance:
        return [Note(card.explanation or "Not explained yet: the task explain does it."), plots]
    greatest = max(card.importance.values()) or 1.0
    of = f"mean absolute SHAP value{card.importance_of and f', in {card.importance_of}'}"
    rows = [(name, Bar(number(value), value / greatest)) for name, value in card.importance.items()]
    cause = "SHAP values show what moves the prediction, not what causes the outcome."
    return [Note(cause), plots, Fold(f"The values of all {len(rows)} inputs", [Table(["input", of], rows)])]


def _about(card: ModelCard) -> Facts:
    chosen = ", ".join(f"{name} = {_short_text(value)}" for name, value in card.hyperparameters.items())
    return Facts(
        {
            "predicts": card.label and f"{card.label}{card.problem_type and f' ({card.problem_type})'}",
            "algorithm": card.algorithm,
            "hyperparameters": chosen,
            "owner": card.owner or "not recorded",
            "git commit": card.git_commit or "not recorded",
            "machinery": card.machinery or "not recorded",
            "MLflow run": card.run_id,
        }
    )


def _short_text(value: str) -> str:
    with contextlib.suppress(ValueError):
        return number(float(value))
    return value
