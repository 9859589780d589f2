"""Runs all checks of a version; a check that raises an error counts as failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from ..errors import first_line
from . import behaviour, lookup_leakage, performance, slices, structure, target_leakage, training_serving_skew
from .check import Check
from .evidence import Evidence

log = logging.getLogger(__name__)

CHECKS: tuple[Callable[[Evidence], Iterator[Check]], ...] = (
    structure.signature,
    structure.input_example,
    structure.metadata,
    structure.documentation,
    structure.fresh_process,
    behaviour.shape,
    behaviour.finite,
    behaviour.allowed_range,
    behaviour.repeatable,
    behaviour.tolerates_missing,
    behaviour.latency,
    training_serving_skew.same_as_in_training,
    performance.metrics,
    slices.slices,
    performance.leakage,
    performance.logged_evaluation,
    target_leakage.too_good,
    target_leakage.known_before_the_label,
    lookup_leakage.lookups_before_the_label,
    performance.own_metrics,
    performance.custom,
)


def run_checks(evidence: Evidence) -> list[Check]:
    """Return the results of all checks, in order. A check that raises an error fails, with the error as its reason.

    So does a check that ends its process with `sys.exit`: the others are still made.

    The check in a fresh process, which takes the longest, runs in parallel to the others.
    """
    checks: list[Check] = []
    with ThreadPoolExecutor(1) as pool:
        slow = {look: pool.submit(_look, look, evidence) for look in CHECKS if look is structure.fresh_process}
        for look in CHECKS:
            checks += slow[look].result() if look in slow else _look(look, evidence)
    for check in checks:
        log.log(logging.INFO if check.passed else logging.WARNING, "%s: %s", check.name, check.reason)
    return checks


def _look(look: Callable[[Evidence], Iterator[Check]], evidence: Evidence) -> list[Check]:
    try:
        return list(look(evidence))
    except (Exception, SystemExit) as error:
        name = look.__name__.replace("_", " ")
        reason = f"{name} could not be checked: {first_line(error)}"
        log.warning("%s", reason, exc_info=True)  # the traceback is for the log alone
        return [Check(name, passed=False, reason=reason, error=True)]
