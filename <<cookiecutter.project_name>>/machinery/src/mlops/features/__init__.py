"""The data contract, incremental computation of feature tables, their run log, and functions of Unity Catalog."""
