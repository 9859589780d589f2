"""Reads the bundle as the CLI does: includes, targets, variables, references."""
