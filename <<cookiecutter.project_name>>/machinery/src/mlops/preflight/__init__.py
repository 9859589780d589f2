"""Finds mistakes in a project before any task runs: configuration against code, on empty frames and made-up rows."""
