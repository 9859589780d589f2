"""Looks at a project's data before there is a model: small tables and figures, computed on Spark."""
