"""The record of a rollout: one tag of the registered model, so that reading and changing it is one request.

Only the job `promotion` changes it. It runs once at a time, so no other change can come in between.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from mlflow.exceptions import MlflowException

from ...config.serving import Serving
from ...errors import ProjectError
from ...registry import Registry
from ...text_limits import REGISTRY_TAG

OPEN = "rollout_open"  # the tag of the registered model
DECISION = "rollout_decision"  # the tag of a version whose rollout has ended

_WHY = 300


@dataclass(frozen=True)
class Stage:
    """A period in which the challenger's share of the traffic was constant and known.

    Attributes:
        share: In percent.
        start: When the endpoint was ready with this share, in seconds since 1970.
        end: When the endpoint was asked to change; None if it was not.
    """

    share: int
    start: float
    end: float | None = None


@dataclass(frozen=True)
class Rollout:
    """An open rollout.

    Attributes:
        version: The challenger.
        champion: The champion that it is compared with.
        opened: When, in seconds since 1970.
        settings: Those when it was opened; later changes of the configuration do not count.
        stages: What the traffic was split by, in order.
        next_share: The share that the endpoint was asked for, in percent, until it is ready; then None.
        ending: How the rollout ends, once that is decided: `finish` or `abort`.
        why: The reason of that.
    """

    version: str
    champion: str
    opened: float
    settings: Serving
    stages: tuple[Stage, ...] = ()
    next_share: int | None = None
    ending: str = ""
    why: str = ""

    @property
    def share(self) -> int:
        """The challenger's share of the traffic in percent, as far as the record knows."""
        return self.stages[-1].share if self.stages else 0

    @property
    def expires(self) -> datetime:
        """When the rollout ends without a result."""
        return datetime.fromtimestamp(self.opened, UTC) + timedelta(hours=self.settings.max_hours)

    def shares(self, share: int) -> dict[str, int]:
        """Return the traffic of both versions, in percent, when the challenger has this share."""
        return {self.champion: 100 - share, self.version: share}

    def before_step(self, share: int, now: datetime) -> Self:
        """Return the record before the endpoint is changed: what it answers meanwhile belongs to no stage."""
        stages = self.stages
        if stages and stages[-1].end is None:
            stages = (*stages[:-1], replace(stages[-1], end=now.timestamp()))
        return replace(self, stages=stages, next_share=share)

    def after_step(self, now: datetime) -> Self:
        """Return the record after the endpoint has the share that it was asked for."""
        if self.next_share is None:
            return self
        return replace(self, stages=(*self.stages, Stage(self.next_share, now.timestamp())), next_share=None)

    def with_ending(self, ending: str, why: str, now: datetime) -> Self:
        """Return the record once it is decided how the rollout ends."""
        closed = self.before_step(0, now)
        return replace(closed, next_share=None, ending=ending, why=why[:_WHY])

    def to_json(self) -> str:
        """Return the text of the tag."""
        fields = asdict(replace(self, settings=Serving()))
        fields["settings"] = self.settings.model_dump(exclude_defaults=True, mode="json")
        fields["stages"] = [
            [stage.share, round(stage.start, 3), stage.end and round(stage.end, 3)] for stage in self.stages
        ]
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the record of a tag.

        Raises:
            ProjectError: The text is not a record; somebody has changed it by hand.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            stages = tuple(Stage(*stage) for stage in fields.pop("stages"))
            return cls(settings=Serving(**fields.pop("settings")), stages=stages, **fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ProjectError(
                f"the tag {OPEN} of the registered model is not the record of a rollout ({text[:80]}): delete it, and "
                "set the traffic of the endpoint to the champion."
            ) from None


def find(registry: Registry) -> Rollout | None:
    """Return the open rollout, or None: one request.

    Raises:
        ProjectError: As `Rollout.from_json`.
    """
    try:
        text = registry.model_tags().get(OPEN)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return None if text is None else Rollout.from_json(text)


def is_open(registry: Registry) -> str | None:
    """Return the version whose rollout is open, or None.

    Raises:
        ProjectError: As `Rollout.from_json`.
    """
    rollout = find(registry)
    return None if rollout is None else rollout.version


def open_rollout(registry: Registry, version: str, champion: str, config: Serving, now: datetime) -> int:
    """Record that a rollout begins; return the percent of the traffic that the challenger starts with.

    Then give it this share, and call `record_start` when the endpoint is ready: only later requests are compared.
    If the process stops in between, the next look of the job `rollout` does both. Calling it again changes nothing.

    Args:
        registry: The registered model.
        version: The challenger, which passed the offline comparison.
        champion: The version with the alias Champion.
        config: The settings of serving; `rollout` is canary or ab.
        now: The time, with its time zone.

    Raises:
        ProjectError: Another version has an open rollout, or this one was already compared online.
    """
    rollout = find(registry)
    if rollout is not None:
        if rollout.version != version:
            raise ProjectError(
                f"version {version} of {registry.name} cannot be compared online: the rollout of version "
                f"{rollout.version} is open until {rollout.expires:%Y-%m-%d %H:%M} UTC at the latest; promote it again "
                "then."
            )
        return rollout.next_share if rollout.next_share is not None else rollout.share
    if earlier := registry.version(version).tags.get(DECISION):
        raise ProjectError(
            f"version {version} of {registry.name} was already compared online ({earlier}): train a new version, or "
            f"delete its tag {DECISION} to compare it once more."
        )
    save(registry, Rollout(version, champion, now.timestamp(), config, next_share=config.steps[0]))
    return config.steps[0]


def record_start(registry: Registry, now: datetime) -> None:
    """Record that the endpoint has the share that it was asked for; nothing if the record says so already."""
    rollout = find(registry)
    if rollout is not None and rollout.next_share is not None:
        save(registry, rollout.after_step(now))


def save(registry: Registry, rollout: Rollout) -> None:
    """Write the record; the reason of its ending is shortened where it is too long for a tag.

    Raises:
        ProjectError: It is too long even without a reason.
    """
    while len(text := rollout.to_json()) > REGISTRY_TAG and rollout.why:
        rollout = replace(rollout, why=rollout.why[: len(rollout.why) // 2])
    if len(text) > REGISTRY_TAG:
        raise ProjectError(
            f"the record of the rollout of version {rollout.version} has {len(text)} characters, and a tag holds "
            f"{REGISTRY_TAG}: give fewer serving.canary.steps in project.yml."
        )
    registry.tag_model(OPEN, text)


def close(registry: Registry) -> None:
    """Delete the record: no rollout is open."""
    registry.drop_model_tag(OPEN)
