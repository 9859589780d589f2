"""Metrics, resampling, SHAP values and plots: arrays in, numbers and figures out."""
