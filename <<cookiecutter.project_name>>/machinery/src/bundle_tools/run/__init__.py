"""Runs the bundle's own jobs on this machine."""
