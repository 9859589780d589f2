"""Metrics, resampling, SHAP values and plots: functions that turn arrays into numbers and figures."""
