"""The training set, the hyperparameter search, and the requirements of a model."""
