"""Reads the bundle the way the CLI does: includes, targets, variables, references."""
