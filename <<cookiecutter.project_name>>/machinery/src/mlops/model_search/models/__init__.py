"""The model families, each as a file that can take the place of model.py: `source.rendered` fills in the columns."""
