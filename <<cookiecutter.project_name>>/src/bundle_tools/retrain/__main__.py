"""Starts the job retraining: `python -m bundle_tools.retrain --target prod --reason "prices have changed"`."""

from __future__ import annotations

import sys

from .command import main

sys.exit(main())
