"""Starts the job retraining: `python -m bundle_tools.retrain --target prod --reason "prices have changed"`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.command")
