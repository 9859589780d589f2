"""Deploys the bundle with the Databricks CLI and removes deployments, for people and for CI."""
