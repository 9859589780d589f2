"""Resampling, intervals, sequential tests, distances: arrays in, numbers out; this room imports no other."""
