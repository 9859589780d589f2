"""Pins the search space to a run: `python -m bundle_tools.pin --run 0123abcd`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.command")
