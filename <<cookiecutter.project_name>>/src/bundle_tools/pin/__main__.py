"""Pins the search space to a run: `python -m bundle_tools.pin --run 0123abcd`."""

from __future__ import annotations

import sys

from .command import main

sys.exit(main())
