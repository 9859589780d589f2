"""Writes the report of monitoring: `python -m bundle_tools.report --target dev`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.command")
