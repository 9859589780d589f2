"""No checks of the project's own."""
