"""Decides from measurements what is suspected of target leakage, and which suspects a person has accepted.

A check fails unless each finding is accepted, by the name of the suspect or of the check, in the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..config.leakage import ARRIVAL, INPUT, MISSING, SCORE, Leakage
from ..evaluation.metrics import Array
from ..statistics.explained_variance import Explained, of_groups
from .check import Check

_ROWS = 20  # fewer missing or unlabelled rows prove nothing: 0.5 to the power of 20 is one in a million
_BY_MISSING = 0.5  # of the label's variance
_MORE_OFTEN_MISSING = 0.8  # as a share of the rows
_NAMED = 3


def near_perfect_score(model: Explained, inputs: Mapping[str, Explained], limit: float, policy: Leakage) -> Check:
    """Return whether the model explains less than the limit; inputs that alone explain that much are the suspects.

    If there are none, the suspects are the strongest inputs: a leak of several, which one name accepts.
    """
    shown = f"the model explains {model.share:.4f} of the label's variance"
    strong = sorted(inputs, key=lambda name: -inputs[name].share)[:_NAMED]
    sure = [name for name in strong if inputs[name].surely >= limit]
    suspects = sure or [name for name in strong if inputs[name].share >= model.share / 2] or strong
    among = ", ".join(f"{name} (alone {max(inputs[name].share, 0.0):.4f})" for name in suspects)
    if model.surely < limit:
        return Check(SCORE, passed=True, reason=shown, value=model.share, bound=f"below {limit:g}")
    findings = {f"{shown}, which is nearly perfect: the suspects are {among}": [SCORE, *suspects]}
    return judge(SCORE, findings, policy, shown, model.share, f"below {limit:g}")


def near_perfect_input(model: Explained, inputs: Mapping[str, Explained], limit: float, policy: Leakage) -> Check:
    """Return whether no input alone explains the limit; its share of the model's score is in the reason."""
    best = max(inputs, key=lambda name: inputs[name].share)

    def says(name: str) -> str:
        of_model = f", {inputs[name].share / model.share:.0%} of what the model explains" if model.share > 0 else ""
        return f"{name} alone explains {max(inputs[name].share, 0.0):.4f} of the label's variance{of_model}"

    findings = {says(name): [INPUT, name] for name in inputs if inputs[name].surely >= limit}
    return judge(INPUT, findings, policy, says(best), inputs[best].share, f"below {limit:g}")


def missing_values(missing: Mapping[str, NDArray[np.bool_]], label: Array, policy: Leakage) -> Check:
    """Return whether no input's missing values, shape (rows,) each, mirror the label, as `explained` takes it."""
    findings, greatest = {}, 0.0
    rarest = _rarest(label)
    for name, gone in missing.items():
        if min(gone.sum(), (~gone).sum()) < _ROWS:
            continue
        share = of_groups(gone, label)
        greatest = max(greatest, share)
        if share >= _BY_MISSING:
            findings[f"whether {name} is missing explains {share:.2f} of the label's variance"] = [MISSING, name]
        for state, where in (("missing", gone), ("present", ~gone)):
            if rarest is not None and share < _BY_MISSING and rarest[where].all():
                findings[f"{name} is {state} in {where.sum()} rows, and all have the rarest label"] = [MISSING, name]
    sound = f"missing inputs explain at most {greatest:.2f} of the label's variance"
    return judge(MISSING, findings, policy, sound, greatest, f"below {_BY_MISSING:g}")


def arrives_with_label(missing: Mapping[str, tuple[float, float]], unlabelled: int, policy: Leakage) -> Check:
    """Return whether no input is missing much more often, as shares of rows, without a label than with one."""
    enough = unlabelled >= _ROWS
    findings = {}
    for name, (late, usual) in missing.items():
        if enough and late - usual >= _MORE_OFTEN_MISSING:
            says = f"{name} is missing in {late:.0%} of the rows without a label, but in {usual:.0%} of the others"
            findings[says] = [ARRIVAL, name]
    sound = f"{unlabelled} rows have no label yet{' and their inputs are there' if enough else ': too few to compare'}"
    return judge(ARRIVAL, findings, policy, sound, float(len(findings)), "at most 0")


def judge(  # noqa: PLR0913, PLR0917 - the parts of a check
    name: str, findings: Mapping[str, list[str]], policy: Leakage, sound: str, value: float, bound: str
) -> Check:
    """Return a check that fails unless each finding is accepted by one of the names that it goes by."""
    if not findings:
        return Check(name, passed=True, reason=sound, value=value, bound=bound)
    accepted = {
        suspect: policy.accepted[suspect]
        for names in findings.values()
        for suspect in names
        if suspect in policy.accepted
    }
    open_ = [finding for finding, names in findings.items() if not accepted.keys() & set(names)]
    if open_:
        hint = "remove what is not known before the label, or accept it in validation.leakage.accepted"
        return Check(name, passed=False, reason=f"{'; '.join(open_)}: {hint}", value=value, bound=bound)
    by = tuple(f"{suspect}: {reason}" for suspect, reason in accepted.items())
    reason = f"{'; '.join(findings)} (accepted: {'; '.join(by)})"
    return Check(name, passed=True, reason=reason, value=value, bound=bound, accepted=by)


def _rarest(label: Array) -> NDArray[np.bool_] | None:
    """Return which rows are of the rarest class, shape (rows,); None if the label has no classes."""
    if label.ndim > 1:
        return np.asarray(label[:, label.sum(axis=0).argmin()] > 0)
    classes, counts = np.unique(label, return_counts=True)
    return np.asarray(label == classes[np.argmin(counts)]) if len(classes) == 2 else None  # noqa: PLR2004 - two classes
