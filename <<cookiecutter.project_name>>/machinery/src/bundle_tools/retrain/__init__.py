"""Starts the job retraining in a workspace, for other systems such as an alert."""
