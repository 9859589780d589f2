"""Lists what is missing for the first deployment: `python -m bundle_tools.doctor --target prod`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
