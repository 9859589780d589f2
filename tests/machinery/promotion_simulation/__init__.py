"""Measures how often the gate promotes equal, better and worse models, on simulated held-out rows.

`PYTHONPATH=src:tests .venv/bin/python -m promotion_simulation 2000` prints the tables that docs/models.md summarises;
the number is that of the repetitions; 2000 take about ten minutes. `tests/mlops/promotion/test_simulation.py` checks
a few of the cells.
"""
