"""Asks the local endpoint: `python -m bundle_tools.serving --key ...`; `bundle_tools.serving.running` ends it."""

from __future__ import annotations

import sys

from .query import main

sys.exit(main())
