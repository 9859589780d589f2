"""This project has no custom checks."""
