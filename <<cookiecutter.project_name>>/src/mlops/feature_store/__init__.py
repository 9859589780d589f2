"""Feature tables and point-in-time lookups: the client of Databricks, and its local twin."""
