"""Looks for what the first deployment lacks: `python -m <package>.doctor --target prod`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
