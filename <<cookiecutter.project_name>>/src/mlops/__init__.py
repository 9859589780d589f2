"""The machinery of the project: it is handed what is yours as one value, a `Project`, and imports nothing of yours."""
