"""The verdict of a card: is the version champion, did it pass, why, and since when?"""

from __future__ import annotations

from collections.abc import Iterator

from ..markdown_text import number
from .card import ModelCard
from .document import Banner, Facts, Figure, Tone, moment

_MOST_REASONS = 5
_STATUS = {"PASSED": "passed", "FAILED": "FAILED", "PENDING": "started"}


def banner(card: ModelCard) -> Banner:
    """Return the verdict in one sentence, with its reasons and the figures that matter most."""
    headline, tone = _headline(card)
    return Banner(headline, tone, _reasons(card), tuple(_figures(card)))


def history(card: ModelCard) -> Facts:
    """Return what happened to the version, as far as it is known and not among the reasons."""
    validated = f"{_STATUS.get(card.status, card.status or 'not yet')}{_at(card.status_time)}"
    decided = "" if _why(card.decision) in _reasons(card) else card.decision
    return Facts(
        {
            "registered": moment(card.registered),
            "validation": f"{validated}, not finished" if card.status == "PENDING" else validated,
            "last validation": f"ended in an error {card.validation_error}" if card.validation_error else "",
            "decision": decided,
            "champion since": "not recorded" if card.is_champion and not card.champion_since else "",
            "replaced": f"version {card.previous_champion}" if card.previous_champion.isdigit() else "",
            "champion now": "" if card.is_champion or not card.champion else f"version {card.champion}",
            "last challenged by": card.challenged_by,
            "compared with production": card.comparison,
            "accepted leakage": card.accepted_leakage,
            "promotion paused": card.promotion_paused,
        }
    )


def _headline(card: ModelCard) -> tuple[str, Tone]:
    if card.is_champion:
        return _of_champion(card)
    if card.rolled_back:
        return "Rolled back", "bad"
    if card.status == "FAILED":
        return f"Failed validation{_at(card.status_time)}", "bad"
    if card.status == "PENDING":
        return "Validation has not finished", "open"
    if card.status != "PASSED":
        return "Not validated yet", "open"
    return _of_valid_version(card), "open"


def _of_champion(card: ModelCard) -> tuple[str, Tone]:
    since = f"Champion since {moment(card.champion_since)}" if card.champion_since else "Champion"
    if card.rolled_back:
        return f"{since}, although it was rolled back", "bad"
    if card.status == "PASSED":
        return since, "good"
    return f"{since}, although its last validation {'failed' if card.status == 'FAILED' else 'has not finished'}", "bad"


def _of_valid_version(card: ModelCard) -> str:
    """Return the verdict on a version that passed validation and is not champion."""
    if card.champion_since:
        now = f"version {card.champion} is champion now" if card.champion else "there is no champion now"
        return f"Former champion: {now}"
    if not card.decision:
        return "Passed validation, not yet compared with the champion"
    # The decision is recorded before the alias moves.
    done = "but its promotion has not finished" if card.decision.startswith("promote:") else "but was not promoted"
    return f"Passed validation, {done}"


def _reasons(card: ModelCard) -> tuple[str, ...]:
    if card.rolled_back:
        return (card.rolled_back,)
    if card.status == "FAILED":
        reasons = [check.reason for check in card.failures] or [card.reasons]
        more = [f"and {len(reasons) - _MOST_REASONS} more, below"] if len(reasons) > _MOST_REASONS else []
        return (*(reason for reason in reasons[:_MOST_REASONS] if reason), *more)
    return tuple(reason for reason in (_why(card.decision),) if reason)


def _why(decision: str) -> str:
    """Return the reasons of a decision, without the decision itself."""
    return decision.partition(": ")[2]


def _at(time: str) -> str:
    return f" on {moment(time)}" if time else ""


def _figures(card: ModelCard) -> Iterator[Figure]:
    held_out, baseline = (card.metrics.get(rows, {}).get(card.metric) for rows in ("holdout", "baseline"))
    if held_out is not None:
        remark = "" if baseline is None else f"naive baseline: {number(baseline)}"
        yield Figure(f"{card.metric}, held-out rows", number(held_out), remark)
    if card.checks:
        skipped = len(card.checks) - len(card.successes) - len(card.failures)
        value = f"{len(card.successes)} of {len(card.checks)}"
        yield Figure("checks passed", value, f"{skipped} skipped" if skipped else "")
    if "train" in card.rows:
        remark = f"held out: {card.rows['holdout']}" if "holdout" in card.rows else ""
        yield Figure("training rows", card.rows["train"], remark)
