"""The search for a model: several model families within a time budget, on the project's own rows and split."""
