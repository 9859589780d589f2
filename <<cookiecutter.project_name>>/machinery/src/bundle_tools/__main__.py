"""Runs the command line without its script: `python -m bundle_tools`."""

from __future__ import annotations

from .cli import main

main()
