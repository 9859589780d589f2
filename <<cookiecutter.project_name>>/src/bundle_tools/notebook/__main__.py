"""Runs a notebook on the local engine: `python -m bundle_tools.notebook notebooks/explore.py`."""

from __future__ import annotations

import sys

from .command import main

sys.exit(main())
