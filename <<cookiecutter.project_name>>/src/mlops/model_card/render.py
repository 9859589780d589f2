"""The model card of a version: its data, performance, validation and limits (Mitchell et al., 2019, "Model cards")."""

from __future__ import annotations

import html as markup
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import markdown as converter

from ..markdown_text import Cell, escaped, table
from ..validation.check import Check
from ..validation.report import table as checks_table

NOT_YET = "not yet"

_CSS = """\
body{font:15px/1.55 system-ui,sans-serif;color:#24292f;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{border-bottom:2px solid #2166ac;padding-bottom:.3rem}h2{margin-top:2rem;color:#2166ac}
table{border-collapse:collapse;display:block;overflow-x:auto}th:empty{display:none}th{background:#f6f8fa}
th,td{border:1px solid #d0d7de;padding:.3rem .7rem;text-align:left;vertical-align:top}
"""


@dataclass(frozen=True)
class ModelCard:
    """The contents of a card. An empty value is not known yet.

    Attributes:
        metrics: Metrics by the rows that they were measured on, such as `holdout`, then by name.
        slices: The validation checks on slices; `checks` has the others.
        importance: Mean absolute SHAP values by feature, greatest first, in the unit of `importance_of`.
        explanation: Why there is no importance, if the reason is known.
        limits: What the model should not be used for; if empty, limits are derived from the rest of the card.
        plots: Paths of the plots among the artifacts of the run.
    """

    name: str
    version: str
    run_id: str
    description: str = ""
    problem_type: str = ""
    label: str = ""
    algorithm: str = ""
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    source_table: str = ""
    source_version: str = ""
    data_from: str = ""
    data_to: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    status: str = ""
    reasons: str = ""
    slices: tuple[Check, ...] = ()
    checks: tuple[Check, ...] = ()
    decision: str = ""
    comparison: str = ""
    previous_champion: str = ""
    rolled_back: str = ""
    importance: Mapping[str, float] = field(default_factory=dict)
    importance_of: str = ""
    explanation: str = ""
    limits: str = ""
    owner: str = ""
    git_commit: str = ""
    plots: tuple[str, ...] = ()


def markdown(card: ModelCard) -> str:
    """Return the card as Markdown with tables; text written by people is escaped."""
    limits = [card.limits] if card.limits else _limits(card)
    sections = {
        "What it is": _facts(_what(card)),
        "Data": _facts(_data(card)),
        "Metrics": _metrics(card),
        "Slices": checks_table(card.slices),
        "Validation": "\n\n".join(
            [_facts({"status": card.status, "reasons": card.reasons}), checks_table(card.checks)]
        ),
        "Comparison and decision": _facts(_decision(card)),
        "What moves the prediction": _importance(card),
        "Limits": "\n".join(f"- {escaped(limit)}" for limit in limits),
        "Contact": _facts({"owner": card.owner}),
        "Origin": _facts({"git commit": card.git_commit, "MLflow run": card.run_id}),
        "Plots": _plots(card),
    }
    title = f"# {escaped(card.name)}, version {escaped(card.version)}"
    return "\n\n".join([title, *[f"## {name}\n\n{text.strip() or NOT_YET}" for name, text in sections.items()], ""])


def html(card: ModelCard) -> str:
    """Return the card as a self-contained HTML page."""
    title = markup.escape(f"{card.name}, version {card.version}")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_CSS}</style>\n</head>\n<body>\n"
        f"{converter.markdown(markdown(card), extensions=['tables'])}\n</body>\n</html>\n"
    )


def _what(card: ModelCard) -> dict[str, str]:
    chosen = ", ".join(f"{name} = {value}" for name, value in card.hyperparameters.items())
    facts = {"name": card.name, "version": card.version, "description": card.description, "problem": card.problem_type}
    return facts | {"label": card.label, "algorithm": card.algorithm, "hyperparameters": chosen}


def _data(card: ModelCard) -> dict[str, str]:
    span = f"{card.data_from} to {card.data_to}" if card.data_from and card.data_to else ""
    rows = ", ".join(f"{count} {split}" for split, count in card.rows.items())
    return {"source table": card.source_table, "its version": card.source_version, "time span": span, "rows": rows}


def _decision(card: ModelCard) -> dict[str, str]:
    facts = {"decision": card.decision, "previous champion": card.previous_champion, "comparison": card.comparison}
    return facts | {"rolled back": card.rolled_back or "no"}


def _metrics(card: ModelCard) -> str:
    names = dict.fromkeys(name for found in card.metrics.values() for name in found)
    rows: list[list[Cell]] = [[name, *[found.get(name) for found in card.metrics.values()]] for name in names]
    return table(["metric", *card.metrics], rows)


def _importance(card: ModelCard) -> str:
    of = f"mean absolute SHAP value{card.importance_of and f', in {card.importance_of}'}"
    return table(["feature", of], list(card.importance.items())) or escaped(card.explanation)


def _limits(card: ModelCard) -> Iterable[str]:
    if card.data_from and card.data_to:
        yield f"It was built from rows from {card.data_from} to {card.data_to} only; later rows may differ."
    if card.source_table:
        yield f"It was trained and evaluated on rows of {card.source_table} only, not on other kinds of rows."
    for check in card.slices:
        if check.skipped or not check.passed:
            yield f"{check.reason}: do not rely on it there."
    yield "SHAP values show what moves the prediction, not what causes the outcome."


def _plots(card: ModelCard) -> str:
    links = [f"- [{escaped(path.rpartition('/')[2])}](../{path})" for path in card.plots]
    return "\n".join([f"Files of run {escaped(card.run_id)}:", "", *links]) if links else ""


def _facts(facts: Mapping[str, str]) -> str:
    return table(["", ""], [(name, value or NOT_YET) for name, value in facts.items()])
