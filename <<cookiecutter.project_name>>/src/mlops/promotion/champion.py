"""Moves the alias Champion safely when several processes promote at the same time.

The registry moves an alias in one step, but it cannot make that step depend on the alias's current version. So each
process first claims the model with its own tag on the registered model, then looks for the claims of others, and
continues only if there are none. Of two concurrent processes at least one sees the other, because both write before
they read (Lamport's bakery algorithm, 1974). While it holds the claim, the process checks that the champion is still
the version that was compared.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ProjectError
from ..registry import CHAMPION, Registry

log = logging.getLogger(__name__)

PREFIX = "promotion_claim_"


@dataclass(frozen=True)
class ClaimTimes:
    """Times in seconds.

    Attributes:
        claim: How long a claim is valid, in case its owner has died.
        wait: How long to wait for others.
        look: How long to wait between two looks at the claims.
        now: Returns the current time.
        sleep: Sleeps for a number of seconds.
    """

    claim: float = 60.0
    wait: float = 180.0
    look: float = 2.0
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


_CLAIM_TIMES = ClaimTimes()


def promote(
    registry: Registry,
    version: str,
    expected: str | None,
    *,
    remember: bool = True,
    patience: ClaimTimes = _CLAIM_TIMES,
) -> bool:
    """Make a version champion if the champion is still the expected one; return whether the alias was moved.

    Args:
        registry: The registered model.
        version: The version to promote.
        expected: The champion that the version was compared with; None if there was none.
        remember: Whether to record the expected champion as the version to go back to in a rollback.
        patience: How long to wait for others.

    Raises:
        ProjectError: Another version has become champion, or other processes do not finish. The champion is unchanged.
    """
    try:
        _claim(registry, version, patience)
        champion = registry.champion()
        standing = str(champion.version) if champion else None
        if standing == version:
            return False
        if standing != expected:
            raise ProjectError(
                f"the champion of {registry.name} changed to {_named(standing)} while version {version} was compared "
                f"with {_named(expected)}: run the job again to compare with the new champion."
            )
        if remember:
            registry.tag(version, "previous_champion", expected or "none")
        registry.set_alias(CHAMPION, version)
        log.info("version %s is now champion; the previous champion was %s", version, _named(expected))
        return True
    finally:
        registry.drop_model_tag(f"{PREFIX}{version}")


def _named(version: str | None) -> str:
    return f"version {version}" if version else "none"


def _claim(registry: Registry, version: str, patience: ClaimTimes) -> None:
    """Claim the model exclusively: write, then read. Yield to an older claim, and wait until a newer claim yields."""
    end = patience.now() + patience.wait
    mine = _write(registry, version, patience)
    while others := _others(registry, version, patience):
        if patience.now() > end:
            raise ProjectError(
                f"the promotion of version {', '.join(sorted(others))} of {registry.name} does not finish: run the job "
                "again later."
            )
        if any((claimed, other) < (mine, version) for other, claimed in others.items()):
            registry.drop_model_tag(f"{PREFIX}{version}")
            patience.sleep(patience.look)
            mine = _write(registry, version, patience)
        else:
            patience.sleep(patience.look)


def _write(registry: Registry, version: str, patience: ClaimTimes) -> float:
    now = patience.now()
    registry.tag_model(f"{PREFIX}{version}", repr(now))
    return now


def _others(registry: Registry, version: str, patience: ClaimTimes) -> dict[str, float]:
    """Return the claims of other versions that are still valid, by version."""
    claims = {
        key.removeprefix(PREFIX): float(value)
        for key, value in registry.model_tags().items()
        if key.startswith(PREFIX) and key != f"{PREFIX}{version}"
    }
    return {other: claimed for other, claimed in claims.items() if patience.now() - claimed < patience.claim}
