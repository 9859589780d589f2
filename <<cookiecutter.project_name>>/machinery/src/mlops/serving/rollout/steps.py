"""Carries out what was decided about a rollout: the traffic, the alias Champion and the records.

Each step writes down what it is about to do, does it, and writes down that it is done. If the process is killed in
between, the next look repeats the step, and every part of it may be repeated. They run in the job `promotion`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ...errors import ProjectError
from ...promotion.champion import move_champion_alias
from ...promotion.pause import pause_reason
from ...registry import ROLLED_BACK, Registry
from ...validation import proof
from ..shares import describe, with_requests
from . import record
from .record import DECISION, Rollout

log = logging.getLogger(__name__)

OF_CHALLENGER = "rollout_of_challenger"  # the tag of the champion


class Endpoint(Protocol):
    """What a step needs of an endpoint."""

    def shares(self) -> dict[str, int]:
        """Return the share of the requests, in percent, of each version that is served."""

    def serve(self, model_name: str, shares: Mapping[str, int]) -> None:
        """Serve these versions with these shares in percent, and wait until it is ready."""


@dataclass(frozen=True)
class Steps:
    """The steps of the open rollout of one model.

    Attributes:
        registry: The registered model.
        endpoint: The endpoint.
    """

    registry: Registry
    endpoint: Endpoint

    def widen(self, version: str, share: int, why: str) -> None:
        """Give the challenger a greater share of the traffic; end the rollout if the endpoint was changed by hand.

        Raises:
            ProjectError: The endpoint does not become ready. It serves what it served before, and the next look tries
                again.
        """
        rollout = self._open(version)
        if rollout is None or rollout.ending or (rollout.next_share is None and rollout.share >= share):
            return
        if change := self._unexpected_change(rollout, rollout.shares(rollout.share), rollout.shares(share)):
            self.abort(change)
            return
        record.save(self.registry, rollout.before_step(share, datetime.now(UTC)))
        self.endpoint.serve(self.registry.name, rollout.shares(share))
        record.record_start(self.registry, datetime.now(UTC))
        log.info("version %s gets %d %% of the traffic: %s", version, share, why)

    def finish(self, version: str, why: str) -> bool:
        """Serve the challenger alone and make it champion; return whether it is champion now.

        The rollout ends without a promotion if promotion is paused, the version or its champion is no longer what it
        was, or the endpoint was changed by hand.

        Raises:
            ProjectError: The endpoint does not become ready.
        """
        rollout = self._open(version)
        if rollout is None:
            return False
        if rollout.ending == "abort":
            self.abort(rollout.why)
            return False
        if change := self._unexpected_change(rollout, rollout.shares(rollout.share), {version: 100}):
            self.abort(change)
            return False
        record.save(self.registry, rollout.with_ending("finish", why, datetime.now(UTC)))
        self.endpoint.serve(self.registry.name, {version: 100})
        move_champion_alias(self.registry, version, rollout.champion)
        self._close(rollout, f"promoted: {why}")
        return True

    def abort(self, why: str, version: str = "") -> str | None:
        """End the open rollout, if there is one: the endpoint serves the champion alone; return the version.

        Args:
            why: The reason, which is recorded.
            version: Only if it is the rollout of this version.

        Raises:
            ProjectError: The endpoint does not become ready; the next look tries again.
        """
        rollout = record.find(self.registry)
        if rollout is None or version not in {"", rollout.version}:
            return None
        if rollout.ending != "abort":
            record.save(self.registry, rollout.with_ending("abort", why, datetime.now(UTC)))
        champion = self.registry.champion()
        keeps = rollout.champion if champion is None else str(champion.version)
        self.endpoint.serve(self.registry.name, {keeps: 100})
        self._close(rollout, f"{'promoted' if keeps == rollout.version else 'not promoted'}: {why}")
        return rollout.version

    def _open(self, version: str) -> Rollout | None:
        rollout = record.find(self.registry)
        if rollout is None or rollout.version != version:
            log.info("version %s has no open rollout any more, so there is nothing to do", version)
            return None
        return rollout

    def _unexpected_change(self, rollout: Rollout, *expected: Mapping[str, int]) -> str:
        """Return what is not as it was when the rollout was opened, or as a killed step may have left it; or ""."""
        return (
            problem(self.registry, rollout)
            or _unsound(self.registry, rollout.version)
            or _by_hand(self.endpoint.shares(), rollout, expected)
        )

    def _close(self, rollout: Rollout, decision: str) -> None:
        """Record the decision on both versions, as far as they exist, and delete the record of the rollout."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        for version, key, text in (
            (rollout.version, DECISION, f"{decision} ({at})"),
            (rollout.champion, OF_CHALLENGER, f"version {rollout.version} {decision} ({at})"),
        ):
            if exists(self.registry, version):
                self.registry.tag(version, key, text)
        record.close(self.registry)
        log.info("the rollout of version %s ended: %s", rollout.version, decision)


def exists(registry: Registry, version: str) -> bool:
    """Return whether a version exists."""
    try:
        registry.version(version)
    except ProjectError:
        return False
    return True


def problem(registry: Registry, rollout: Rollout) -> str:
    """Return why a rollout cannot go on although its numbers may be good, or "": three requests to the registry."""
    if not exists(registry, rollout.version):
        return f"version {rollout.version} was deleted"
    if ROLLED_BACK in registry.version(rollout.version).tags:
        return f"version {rollout.version} was rolled back"
    champion = registry.champion()
    standing = "none" if champion is None else str(champion.version)
    if standing not in {rollout.champion, rollout.version}:
        return f"the champion is version {standing}, but version {rollout.version} was compared with {rollout.champion}"
    if since := pause_reason(registry.model_tags()):
        return f"promotion is paused {since}"
    return ""


def _unsound(registry: Registry, version: str) -> str:
    try:
        proof.require_same_model(registry, registry.version(version))
    except ProjectError as error:
        return str(error)
    return ""


def _by_hand(shares: Mapping[str, int], rollout: Rollout, expected: Sequence[Mapping[str, int]]) -> str:
    """Describe the manual change of the endpoint, or return "" if it has expected shares."""
    if any(with_requests(shares) == with_requests(alternative) for alternative in expected):
        return ""
    return (
        f"the endpoint was changed by hand: it serves {describe(shares)}, but the rollout of version "
        f"{rollout.version} has {describe(expected[0])}, so the versions cannot be compared any more"
    )
