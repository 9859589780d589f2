"""Checks a project offline: the bundle in every target, the code against its configuration, the wheel, and CI."""
