"""Compares a challenger with the champion, decides whether to promote it, and moves the alias."""
