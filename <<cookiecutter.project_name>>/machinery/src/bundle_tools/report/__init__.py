"""Writes a page about the monitoring of the local runs."""
