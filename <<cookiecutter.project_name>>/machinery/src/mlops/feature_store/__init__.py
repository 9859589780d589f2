"""Feature tables and point-in-time lookups, with the client of Databricks or its local counterpart."""
