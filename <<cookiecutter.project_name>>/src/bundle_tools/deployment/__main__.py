"""Deploys or removes the bundle: `python -m bundle_tools.deployment deploy --target staging --prefix pr12_`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
