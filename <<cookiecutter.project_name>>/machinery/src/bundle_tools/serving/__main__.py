"""Asks the local endpoint: `python -m bundle_tools.serving --key ...`; `bundle_tools.serving.running` ends it."""

from __future__ import annotations

from .. import start

start.run(f"{__package__}.query")
