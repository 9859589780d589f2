"""The share of the requests, in percent, that each version on an endpoint gets."""

from __future__ import annotations

from collections.abc import Mapping


def requested(shares: Mapping[str, int]) -> dict[str, int]:
    """Return the share of each version that gets requests."""
    return {version: share for version, share in shares.items() if share}


def shown(shares: Mapping[str, int]) -> str:
    """Return versions and their shares as text."""
    versions = sorted(shares.items())
    return ", ".join(f"version {version} with {share} % of the requests" for version, share in versions) or "nothing"
