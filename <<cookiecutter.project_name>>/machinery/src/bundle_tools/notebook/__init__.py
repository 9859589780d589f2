"""Runs notebooks in Databricks' source format on the local engine."""
