"""The inference log, and the decisions about the metrics that data profiling computes from it."""
