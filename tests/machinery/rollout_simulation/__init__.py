"""Simulates rollouts with the real decision code: how often each verdict is reached, and after how many requests.

`make bench-rollout` in the template, or `PYTHONPATH=src:tests .venv/bin/python -m rollout_simulation 200` in a project,
prints the tables of docs/serving.md; the number is that of the simulated rollouts. The tests check a few of the cells.
"""
