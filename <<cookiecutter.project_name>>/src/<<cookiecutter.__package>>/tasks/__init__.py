"""The entry points of the jobs: one module a task."""
