"""Runs the jobs of the bundle on this machine: `python -m bundle_tools.run run training --target staging`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.cli")
