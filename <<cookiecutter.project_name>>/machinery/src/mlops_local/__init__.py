"""What stands for Databricks on a laptop: its platform, feature store and data profiling. It is not in the wheel."""
