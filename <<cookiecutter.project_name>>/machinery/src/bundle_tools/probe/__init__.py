"""Runs the job probe of a deployment."""
