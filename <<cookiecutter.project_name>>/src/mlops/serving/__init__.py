"""Serves the model behind an endpoint, and compares a challenger with the champion on its traffic."""
