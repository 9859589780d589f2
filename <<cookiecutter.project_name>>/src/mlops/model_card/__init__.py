"""The model card of a version: what it says, and where it is written."""
