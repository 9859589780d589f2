"""The modelling choices of the project, as package data."""
