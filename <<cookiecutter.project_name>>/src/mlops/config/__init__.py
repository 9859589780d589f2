"""The configuration in project.yml: typed, frozen, unknown keys refused."""
