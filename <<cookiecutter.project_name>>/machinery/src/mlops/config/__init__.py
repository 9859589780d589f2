"""The configuration in project.yml: typed and frozen; unknown keys are rejected."""
