"""Compare challenger and champion on what the endpoint has served, and decide what happens to the rollout.

It only reads, and records the numbers; the job `promotion` acts on the decision.
"""

from __future__ import annotations

import logging

from ..parameters import UtcDatetime
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from ..serving.rollout import record, steps
from ..serving.rollout.decision import decide
from ..serving.rollout.history import Report, append
from ..serving.rollout.look import Look, Verdict
from ..serving.rollout.observe import Served, observe
from . import task

log = logging.getLogger(__name__)

LOOK = "rollout_look"  # the tag of the challenger with the numbers of the latest look
_LENGTH = 500  # of the reason, which is handed on as the parameter of a job


class Parameters(task.Parameters):
    """What the endpoint has served, and when the run started.

    Attributes:
        model_name: The registered model.
        payload_table: The requests: the AI Gateway inference table.
        served_entities_table: The system table with the versions that the endpoint serves.
        quarantine_table: Requests that cannot be read.
        inference_log_table: The predictions with their labels.
        rollout_history_table: The table of all looks.
        check_id: Identifies the run, so that repeating it changes nothing.
        started_at: When the run started.
    """

    model_name: str
    payload_table: str
    served_entities_table: str
    quarantine_table: str
    inference_log_table: str
    rollout_history_table: str
    check_id: str
    started_at: UtcDatetime


class Values(task.Values):
    """What to do (`none`, `widen`, `finish` or `abort`) with which version, the share to widen to, and why."""

    action: str
    model_version: str = "none"
    share: int = 0
    reason: str = ""


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Look at the open rollout, if there is one.

    Raises:
        ProjectError: Its record was changed by hand.
    """
    registry, now = Registry(parameters.model_name), parameters.started_at
    rollout = record.find(registry)
    if rollout is None:
        log.info("no rollout of %s is open", registry.name)
        return Values(action="none")
    look, problem = Look(()), "" if rollout.ending else steps.problem(registry, rollout)
    if problem:
        verdict = Verdict("abort", problem)
    else:
        look = observe(rollout, project.config, _served_tables(parameters, platform))
        verdict = decide(rollout, look, now)
    report = Report(rollout, look, verdict, now)
    log.info("%s", report)
    if steps.exists(registry, rollout.version):
        registry.tag(rollout.version, LOOK, str(report))
    identity = {"check_id": parameters.check_id, "model_name": registry.name}
    append(platform.tables, parameters.rollout_history_table, identity, report)
    return Values(
        action=verdict.action, model_version=rollout.version, share=verdict.share, reason=verdict.reason[:_LENGTH]
    )


def _served_tables(parameters: Parameters, platform: Platform) -> Served:
    return Served(
        platform.tables,
        parameters.payload_table,
        platform.served_entities(parameters.served_entities_table),
        parameters.quarantine_table,
        parameters.inference_log_table,
    )
