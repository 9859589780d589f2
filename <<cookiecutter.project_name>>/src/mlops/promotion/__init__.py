"""Comparing a challenger with the champion, deciding, and moving the alias."""
