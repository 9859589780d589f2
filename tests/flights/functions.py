"""No features are computed on demand."""
