"""Writes a page about the monitoring of the local runs: `python -m bundle_tools.report`."""
