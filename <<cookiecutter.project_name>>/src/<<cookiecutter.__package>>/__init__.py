"""Yours: features, model, checks and configuration. `entry_points` hands them to the machinery."""
