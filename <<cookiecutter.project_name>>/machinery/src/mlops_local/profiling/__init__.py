"""The local counterpart of data profiling: it writes the metric tables that Databricks would."""
