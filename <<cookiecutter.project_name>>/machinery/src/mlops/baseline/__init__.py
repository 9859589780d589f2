"""An automatic baseline: several model families within a time budget, on the project's own rows and split."""
