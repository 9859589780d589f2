"""Fixes or narrows the hyperparameter search in project.yml to what a training run has found."""
