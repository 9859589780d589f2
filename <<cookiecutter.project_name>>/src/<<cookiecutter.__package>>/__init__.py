"""One machine-learning project: features, training, gates, inference, and the runner that plays its jobs locally."""
