"""The data contract, incremental computation, the log of runs, and functions of Unity Catalog."""
