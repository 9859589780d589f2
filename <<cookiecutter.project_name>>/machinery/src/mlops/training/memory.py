"""Refuses to read a training set that would not fit into the memory of this machine, before it is read.

A process that runs out of memory is killed without a message: on serverless compute the driver has 8 GB by default.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import ProjectError

log = logging.getLogger(__name__)

# Bytes of a value in a frame of pandas, by its Spark type: numbers and times are in arrays; text is a pointer to an
# object of 49 bytes (sys.getsizeof("")) and its characters.
_WIDTHS = {"boolean": 8, "tinyint": 8, "smallint": 8, "int": 8, "bigint": 8, "float": 8, "double": 8, "timestamp": 8}
_TEXT, _OTHER = 72, 120
# While rows come from Spark they are there as Arrow tables too, and fitting copies the inputs. Measured: 1.5 million
# rows of 9 numbers, a time and 2 texts, read split by split and fitted with gradient boosting, took twice this width.
_COPIES = 3.0
_GB = 1e9


def require_memory(rows: int, types: Mapping[str, str], limit_gb: float | None, where: str) -> None:
    """Make sure that the rows of a training run can be read as pandas and trained on.

    Args:
        rows: The number of rows, of all splits.
        types: The Spark type of each column.
        limit_gb: How much they may need, in GB; None for what is available on this machine.
        where: What has these rows, for the message.

    Raises:
        ProjectError: They need more.
    """
    available = available_bytes() if limit_gb is None else limit_gb * _GB
    needed = estimated_bytes(rows, types)
    if available is None:
        log.warning("%s needs about %.1f GB of memory; how much there is cannot be read here", where, needed / _GB)
        return
    if needed > available:
        allowed = "are available here" if limit_gb is None else "may be used (training.memory_gb in project.yml)"
        raise ProjectError(
            f"{where} has {rows:,} rows of {len(types)} columns, which need about {needed / _GB:.1f} GB of memory for "
            f"a training, and {available / _GB:.1f} GB {allowed}: let features.spine return fewer rows, or use compute "
            "with more memory (docs/make-it-yours.md)."
        )
    log.info("%s needs about %.1f of %.1f GB of memory", where, needed / _GB, available / _GB)


def estimated_bytes(rows: int, types: Mapping[str, str]) -> float:
    """Return how much memory reading rows as pandas and training on them takes at most, in bytes."""
    width = sum(_WIDTHS.get(kind, _TEXT if kind in {"string", "date"} else _OTHER) for kind in types.values())
    return rows * width * _COPIES


def available_bytes(root: Path = Path("/")) -> float | None:
    """Return how much memory this process can still get, in bytes; None if the system does not tell.

    On Linux that is what the kernel calls available, or less within a control group, as in a container. Elsewhere it is
    the whole memory of the machine.

    Args:
        root: Where `/proc` and `/sys` are.
    """
    known = [*_of_the_machine(root), *_of_control_groups(root)]
    if known:
        return max(min(known), 0.0)
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError):
        return None


def _of_the_machine(root: Path) -> Iterator[float]:
    """Yield MemAvailable (https://docs.kernel.org/filesystems/proc.html#meminfo), which is in kB."""
    fields = _fields(root / "proc/meminfo")
    if "MemAvailable" in fields:
        yield fields["MemAvailable"] * 1024.0


def _of_control_groups(root: Path) -> Iterator[float]:
    """Yield what is left in the control groups of this process, version 2 and 1; file caches can be given back.

    Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in {"", "memory"}:
            continue
        version_1 = controllers == "memory"
        base = root / "sys/fs/cgroup" / ("memory" if version_1 else "")
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if version_1 else ("memory.max", "memory.current")
        cache = "total_inactive_file" if version_1 else "inactive_file"
        # Within a container its own group is the root of what it sees, whatever path it has outside.
        for folder in dict.fromkeys((base / path.lstrip("/"), base)):
            limit, used = (_number(folder / name) for name in names)
            if limit is not None and used is not None:
                yield limit - used + _fields(folder / "memory.stat").get(cache, 0)


def _fields(file: Path) -> dict[str, int]:
    """Return the numbers of lines such as `MemAvailable:  123 kB` and `inactive_file 123`."""
    lines = [line.replace(":", " ").split() for line in _text(file).splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) > 1 and line[1].isdigit()}


def _text(file: Path) -> str:
    """Return the content of a file, or "" if there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def _number(file: Path) -> float | None:
    """Return the number in a file; None if there is none, as in one that says `max`."""
    text = _text(file).strip()
    return float(text) if text.isdigit() else None
