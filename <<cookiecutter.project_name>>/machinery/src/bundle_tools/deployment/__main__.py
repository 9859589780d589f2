"""Deploys or removes the bundle: `python -m bundle_tools.deployment deploy --target staging --prefix pr12_`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.cli")
