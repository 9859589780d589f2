"""The commands of `mlops`. They convert words into typed arguments, and import what they call only when they run."""
