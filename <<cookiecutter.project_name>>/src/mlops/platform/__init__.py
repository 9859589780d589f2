"""What differs between Databricks and a laptop, behind a small protocol."""
