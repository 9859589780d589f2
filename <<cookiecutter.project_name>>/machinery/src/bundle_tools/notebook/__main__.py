"""Runs a notebook on the local engine: `python -m bundle_tools.notebook notebooks/explore.py`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.command")
