"""Validation of a model version before it becomes challenger: the evidence, the checks on it, and their report."""
