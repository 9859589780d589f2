"""The share of the requests, in percent, that each version on an endpoint gets, and which users belong to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def with_requests(shares: Mapping[str, int]) -> dict[str, int]:
    """Return the share of each version that gets requests."""
    return {version: share for version, share in shares.items() if share}


def describe(shares: Mapping[str, int]) -> str:
    """Return versions and their shares as text."""
    versions = sorted(shares.items())
    return ", ".join(f"version {version} with {share} % of the requests" for version, share in versions) or "nothing"


_BYTES = 8
_RANGE = 2.0**64


def assign(key: str, share: float, rollout: str = "") -> bool:
    """Return whether a user gets the challenger: the same answer whenever and wherever it is asked.

    A greater share never moves a user back to the champion. The shares of many keys are as given, so the rollout
    compares these requests like those that the endpoint splits itself.

    Args:
        key: Identifies the user.
        share: The challenger's share of the traffic in percent.
        rollout: For example the version of the challenger, so that each rollout starts with other users.
    """
    digest = hashlib.sha256(f"{rollout}\x00{key}".encode()).digest()
    return int.from_bytes(digest[:_BYTES]) < share / 100 * _RANGE
