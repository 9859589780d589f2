"""What can start the inference job, as a value of the variable inference_trigger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TRIGGERS: Mapping[str, Mapping[str, Any]] = {
    "periodic": {"interval": 6, "unit": "HOURS"},
    "table_update": {"table_names": ["main.shop.orders"], "min_time_between_triggers_seconds": 600},
    "file_arrival": {"url": "/Volumes/main/shop/landing/", "wait_after_last_change_seconds": 120},
}


def start_inference_by(root: Path, kind: str) -> None:
    """Change the bundle in a folder so that its inference job is started by this kind of trigger."""
    file = root / "resources/common.yml"
    common = yaml.safe_load(file.read_text(encoding="utf-8"))
    common["variables"]["inference_trigger"]["default"] = {kind: TRIGGERS[kind]}
    file.write_text(yaml.safe_dump(common), encoding="utf-8")
