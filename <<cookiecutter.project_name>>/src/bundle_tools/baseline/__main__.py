"""Tries several model families within a time budget: `python -m bundle_tools.baseline --budget 60`."""

from __future__ import annotations

import sys

from .command import main

sys.exit(main())
