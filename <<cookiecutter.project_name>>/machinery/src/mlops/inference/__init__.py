"""Scores rows with the champion."""
