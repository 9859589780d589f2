"""Moves the alias Champion.

No registry can move an alias on the condition that it still points to the version that was compared. So only one job
of the bundle writes the alias, `promotion`, and the platform runs it once at a time: a second run waits in its queue.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from ..errors import ProjectError
from ..registry import CHAMPION, Registry

log = logging.getLogger(__name__)

SINCE = "champion_since"


def promote(registry: Registry, version: str, expected: str | None, *, remember: bool = True) -> bool:
    """Make a version champion if the champion is still the expected one; return whether the alias was moved.

    Args:
        registry: The registered model.
        version: The version to promote.
        expected: The champion that the version was compared with; None if there was none.
        remember: Whether to record the expected champion as the version to go back to in a rollback.

    Raises:
        ProjectError: Another version has become champion in the meantime, so something other than the job `promotion`
            moves the alias.
    """
    standing = _champion(registry)
    if standing == version:
        return False
    if standing != expected:
        raise ProjectError(
            f"the champion of {registry.name} changed to {_named(standing)} while version {version} was compared "
            f"with {_named(expected)}: run the job again to compare with the new champion."
        )
    if remember:
        registry.tag(version, "previous_champion", expected or "none")
    registry.tag(version, SINCE, datetime.now(UTC).isoformat(timespec="seconds"))
    registry.set_alias(CHAMPION, version)
    found = _champion(registry)
    if found != version:
        raise ProjectError(
            f"version {version} of {registry.name} became champion, but now the champion is {_named(found)}: something "
            "other than the job promotion moves the alias, so find it, and run the job again."
        )
    log.info("version %s is now champion; the previous champion was %s", version, _named(expected))
    return True


def _champion(registry: Registry) -> str | None:
    champion = registry.champion()
    return str(champion.version) if champion else None


def _named(version: str | None) -> str:
    return f"version {version}" if version else "none"
