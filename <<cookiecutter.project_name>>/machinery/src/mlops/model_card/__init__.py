"""The model card of a version: how it is rendered, and where it is published."""
