"""The machinery of the project. It receives your code as one value, a `Project`, and imports none of it."""
