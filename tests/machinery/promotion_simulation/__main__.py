"""Prints the tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from promotion_simulation.measures import chain, equal_models, losses, power
from promotion_simulation.worlds import WORLDS

ROWS = (3, 30, 100, 300, 1000, 3000, 10_000)


def tables(repetitions: int) -> Iterator[Table]:
    """Yield the tables of docs/models.md; `-` stands for a gate that stays closed because there are too few rows."""
    sizes = [f"{rows:,}" for rows in ROWS]
    found = {name: [equal_models(world, rows, repetitions) for rows in ROWS] for name, world in WORLDS.items()}
    for at, title in enumerate(("coverage of the 95 % interval, equal models", "wins of equal models")):
        table = Table("rows", *sizes, title=title)
        for name, cells in found.items():
            table.add_row(name, *("-" if np.isnan(cell[0]) else f"{cell[at]:.1%}" for cell in cells))
        yield table
    table = Table("rows", *sizes[2:], title="chains of 20 equal challengers on the same rows that promote one")
    for name, world in WORLDS.items():
        table.add_row(name, *(f"{chain(world, rows, repetitions // 4):.1%}" for rows in ROWS[2:]))
    yield table
    table = Table("really better by", "rows", "2 %", "5 %", "10 %", "20 %", title="power, first and fifth challenge")
    for name in ("normal", "AR(1) 0.9, one row an hour", "bias per day, 100 rows a day"):
        for rows in (100, 1000, 10_000):
            cells = [
                [power(WORLDS[name], rows, better, repetitions // 4, place) for place in (1, 5)]
                for better in (0.02, 0.05, 0.1, 0.2)
            ]
            table.add_row(name, f"{rows:,}", *(" / ".join(f"{share:.0%}" for share in cell) for cell in cells))
    yield table
    title = "not_worse, margin 2 %: 30 challengers, each 1.5 % worse"
    table = Table("compared with", "promoted", "last rmse", title=title)
    for name, against_best in (("the current champion", False), ("the best champion", True)):
        promoted, scale = losses(0, against_best=against_best)
        table.add_row(name, str(promoted), f"{scale:.2f}")
    yield table


console = Console(width=140)
for one in tables(int(sys.argv[1])):
    console.print(one)
