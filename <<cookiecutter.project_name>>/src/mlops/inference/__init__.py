"""Scoring rows with the champion."""
