"""Assigns users to versions by a key, for callers who want each user to get answers of one version only."""

from __future__ import annotations

import hashlib

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
