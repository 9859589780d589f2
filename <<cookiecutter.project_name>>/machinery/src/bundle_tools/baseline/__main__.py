"""Tries several model families within a time budget: `python -m bundle_tools.baseline --budget 60`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.command")
