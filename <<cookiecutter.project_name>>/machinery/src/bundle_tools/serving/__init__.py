"""Serves models on this machine behind the REST interface of Databricks' serving endpoints, and measures endpoints."""
