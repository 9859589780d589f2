"""Lists what is missing for the first deployment: `python -m bundle_tools.doctor --target prod`."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.cli")
