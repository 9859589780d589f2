"""The local workspace: an embedded Spark Connect engine, Delta tables in folders, MLflow on SQLite."""
