"""Runs the jobs of the bundle on one machine, from the very files that are deployed."""
