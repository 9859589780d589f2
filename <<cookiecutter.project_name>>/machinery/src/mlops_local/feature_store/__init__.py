"""The local feature store, with the contract of Databricks' client: lookups, packaged models, an online store."""
