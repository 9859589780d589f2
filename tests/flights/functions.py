"""This project has no on-demand features."""
