"""Prints the tables."""

from __future__ import annotations

import sys
from typing import get_args

import numpy as np
from rich.console import Console
from rich.table import Table

from rollout_simulation.measures import SETTINGS, Kind, outcomes, share
from rollout_simulation.worlds import WORLDS

count, kinds = int(sys.argv[1]), get_args(Kind)
console = Console(width=140)
for mode, settings in SETTINGS.items():
    table = Table("challenger", *kinds, "requests", "90 %", "days", title=f"{mode}, {count} rollouts")
    for name, world in WORLDS.items():
        found = outcomes(world, settings, count)
        requests = np.percentile([one.requests for one in found], [50, 90])
        table.add_row(
            name,
            *(f"{share(found, kind):.1%}" for kind in kinds),
            *(f"{number:,.0f}" for number in requests),
            f"{np.median([one.hours for one in found]) / 24:.1f}",
        )
    console.print(table)
