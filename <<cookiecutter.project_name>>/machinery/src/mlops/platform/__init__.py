"""The differences between Databricks and a local machine, behind a small protocol."""
