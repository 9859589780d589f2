"""Moving the alias Champion so that two who move it at once cannot undo each other's comparison.

The registry moves an alias in one step, but cannot make the step depend on what the alias was. So whoever promotes
first claims the model by a tag of its own on the registered model, then looks for claims of others, and goes on only if
there is none: of two at the same time at least one sees the other, because both write before they read (Lamport's
bakery, 1974). Inside the claim it looks whether the champion is still the one that was compared.
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
    """Seconds: how long a claim counts whose owner may have died, how long to wait for others, between two looks."""

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
    """Make a version champion if the champion is still the expected one; return whether it was not champion already.

    Args:
        registry: The model.
        version: The version to promote.
        expected: The champion that the version was compared with; None if there was none.
        remember: Whether the expected champion is the one to go back to, should the version be rolled back.
        patience: How long to wait for others.

    Raises:
        ProjectError: The champion is another one by now, or others do not finish. The champion is then as it was.
    """
    try:
        _claim(registry, version, patience)
        champion = registry.champion()
        standing = str(champion.version) if champion else None
        if standing == version:
            return False
        if standing != expected:
            raise ProjectError(
                f"the champion of {registry.name} became version {standing or 'none'} while version {version} was "
                f"compared with {f'version {expected}' if expected else 'none'}: run the job again, which compares "
                "with that one."
            )
        if remember:
            registry.tag(version, "previous_champion", expected or "none")
        registry.set_alias(CHAMPION, version)
        log.info("version %s is champion, after %s", version, expected or "none")
        return True
    finally:
        registry.drop_model_tag(f"{PREFIX}{version}")


def _claim(registry: Registry, version: str, patience: ClaimTimes) -> None:
    """Claim the model alone: write, then read; give way to an older claim, and wait for a younger one to give way."""
    end = patience.now() + patience.wait
    mine = _write(registry, version, patience)
    while others := _others(registry, version, patience):
        if patience.now() > end:
            raise ProjectError(
                f"version {', '.join(sorted(others))} of {registry.name} is being promoted and does not finish: run "
                "the job again later."
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
    """The claims of other versions that still count, by version."""
    claims = {
        key.removeprefix(PREFIX): float(value)
        for key, value in registry.model_tags().items()
        if key.startswith(PREFIX) and key != f"{PREFIX}{version}"
    }
    return {other: claimed for other, claimed in claims.items() if patience.now() - claimed < patience.claim}
