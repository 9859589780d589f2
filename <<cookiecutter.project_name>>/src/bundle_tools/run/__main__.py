"""Runs the jobs of the bundle on this machine: `python -m bundle_tools.run run training --target staging`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
