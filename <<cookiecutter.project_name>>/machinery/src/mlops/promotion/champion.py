"""Moves the alias Champion: the tasks `promote` and `rollback` and the last step of a rollout call this one function.

Each of them serves the version first, if the project has an endpoint, and serves what it served before if the alias
does not move. No registry can move an alias on the condition that it still points to the version that was compared. So
only one job of the bundle writes the alias, `promotion`, and the platform runs it once at a time: a second run waits in
its queue.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from ..errors import ProjectError
from ..registry import CHAMPION, Registry

log = logging.getLogger(__name__)

SINCE = "champion_since"


def move_champion_alias(registry: Registry, version: str, expected: str | None, *, remember: bool = True) -> bool:
    """Make a version champion if the champion is still the expected one; return whether the alias was moved.

    Args:
        registry: The registered model.
        version: The version that becomes champion.
        expected: The champion that the version was compared with; None if there was none.
        remember: Whether to record the expected champion as the version to go back to in a rollback.

    Raises:
        ProjectError: Another version has become champion in the meantime, so something other than the job `promotion`
            moves the alias.
    """
    standing = _champion_number(registry)
    if standing == version:
        return False
    if standing != expected:
        raise ProjectError(
            f"the champion of {registry.name} changed to {_name(standing)} while version {version} was compared "
            f"with {_name(expected)}: run the job again to compare with the new champion."
        )
    if remember:
        registry.tag(version, "previous_champion", expected or "none")
    registry.tag(version, SINCE, datetime.now(UTC).isoformat(timespec="seconds"))
    registry.set_alias(CHAMPION, version)
    standing = _champion_number(registry)
    if standing != version:
        raise ProjectError(
            f"version {version} of {registry.name} became champion, but now the champion is {_name(standing)}: "
            "something other than the job promotion moves the alias, so find it, and run the job again."
        )
    log.info("version %s is now champion; the previous champion was %s", version, _name(expected))
    return True


def _champion_number(registry: Registry) -> str | None:
    champion = registry.champion()
    return str(champion.version) if champion else None


def _name(version: str | None) -> str:
    return f"version {version}" if version else "none"
