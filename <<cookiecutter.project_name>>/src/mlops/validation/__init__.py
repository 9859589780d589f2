"""What a model version must show before it may challenge: evidence, checks on it, and their report."""
