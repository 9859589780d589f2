"""The model families, each as a file that can take the place of model.py: `source.model_text` fills in the columns."""
