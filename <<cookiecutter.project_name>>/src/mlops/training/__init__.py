"""The training set, the hyperparameter search, and what a model needs wherever it is loaded."""
