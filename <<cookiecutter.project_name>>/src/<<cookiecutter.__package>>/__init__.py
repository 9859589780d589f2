"""Your code: features, model, checks and configuration. `entry_points` passes them to the machinery."""
