"""Data profiling: Databricks' monitors of a table, and their local counterpart, which writes the same metric tables."""
