"""Prints the tables."""

from __future__ import annotations

import sys

import numpy as np
from rich.console import Console
from rich.table import Table

from rollout_simulation.measures import SETTINGS, outcomes, share
from rollout_simulation.worlds import WORLDS

count = int(sys.argv[1])
console = Console(width=140)
for mode in SETTINGS:
    table = Table(
        "challenger",
        "promoted",
        "worse",
        "guardrail",
        "no result",
        "requests",
        "90 %",
        "days",
        title=f"{mode}, {count}",
    )
    for name, world in WORLDS.items():
        found = outcomes(world, mode, count)
        requests = np.percentile([one.requests for one in found], [50, 90])
        table.add_row(
            name,
            *(f"{share(found, kind):.1%}" for kind in kinds),
            *(f"{number:,.0f}" for number in requests),
            f"{np.median([one.hours for one in found]) / 24:.1f}",
        )
    console.print(table)
