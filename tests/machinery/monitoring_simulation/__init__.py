"""Weeks of simulated predictions, monitored by the real statistics and rules: how soon drift is found, and how rarely
healthy weeks raise an alarm."""
