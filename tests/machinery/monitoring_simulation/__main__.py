"""Prints the tables of docs/monitoring.md: `python -m monitoring_simulation 20`."""

from __future__ import annotations

import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from monitoring_simulation.measures import delay, false_alarms
from monitoring_simulation.worlds import KINDS

WEEKS = 100
LIVES = int(sys.argv[1]) if len(sys.argv) > 1 else 5

console = Console(width=120)
healthy = Table(
    "stream", "warnings", "retrainings", title=f"false alarms in {WEEKS} healthy weeks, mean of {LIVES} lives"
)
for name, seasonal in (("the same all year", False), ("a season of a tenth of a standard deviation", True)):
    found: Counter[str] = Counter()
    for seed in range(LIVES):
        found += false_alarms(seed, WEEKS, seasonal=seasonal)
    healthy.add_row(name, f"{found['warn'] / LIVES:.2f}", f"{(found['retrain'] + found['cooling_down']) / LIVES:.2f}")
console.print(healthy)

soon = Table("from one week on", "found after (weeks, worst)", "found in", title=f"delay to detection, {LIVES} lives")
for kind in KINDS:
    delays = [delay(seed, kind) for seed in range(LIVES)]
    known = [one for one in delays if one is not None]
    worst = str(max(known)) if known else "-"
    soon.add_row(kind, worst, f"{len(known)} of {LIVES}")
console.print(soon)
