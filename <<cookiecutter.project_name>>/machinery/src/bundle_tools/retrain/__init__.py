"""Starts the job retraining in a workspace, for other systems such as an alert: `python -m bundle_tools.retrain`."""
