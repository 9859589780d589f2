"""Writes the report of monitoring: `python -m bundle_tools.report --target dev`."""

from __future__ import annotations

import sys

from .command import main

sys.exit(main())
