"""Inference can be started by time, by a table and by files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.bundles.jobs import TriggerSettings

from bundle_tools.bundle.load import load
from bundle_tools.check.run_databricks_cli import copy_bundle, run_cli
from bundle_tools.check.schedules import TRIGGERS
from bundle_tools.check.stand_in_workspace import StandInWorkspace

VALUES: dict[str, dict[str, Any]] = {
    "periodic": {"interval": 6, "unit": "HOURS"},
    "table_update": {"table_names": ["main.shop.orders"], "min_time_between_triggers_seconds": 600},
    "file_arrival": {"url": "/Volumes/main/shop/landing/", "wait_after_last_change_seconds": 120},
}
needs_cli = pytest.mark.skipif(shutil.which("databricks") is None, reason="the Databricks CLI is not on the PATH")


def start_inference_by(root: Path, kind: str) -> None:
    file = root / "resources/common.yml"
    common = yaml.safe_load(file.read_text(encoding="utf-8"))
    common["variables"]["inference_trigger"]["default"] = {kind: VALUES[kind]}
    file.write_text(yaml.safe_dump(common), encoding="utf-8")


def test_every_trigger_is_tried() -> None:
    assert {*VALUES} == {*TRIGGERS}


@pytest.mark.parametrize("kind", TRIGGERS)
@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_inference_can_be_started_by_each(root: Path, kind: str, target: str) -> None:
    start_inference_by(root, kind)
    triggers = [job["trigger"] for job in load(root, target, environ={}).jobs.values() if "trigger" in job]
    assert triggers
    for trigger in triggers:
        assert TriggerSettings.from_dict(trigger).as_dict()[kind]  # type: ignore[literal-required] # one of its fields
        assert trigger["pause_status"] == ("UNPAUSED" if target == "prod" else "PAUSED")


@needs_cli
@pytest.mark.parametrize("kind", TRIGGERS)
def test_the_cli_accepts_each_and_pauses_it_in_development(root: Path, tmp_path: Path, kind: str) -> None:
    start_inference_by(root, kind)
    with StandInWorkspace() as workspace:
        folder = copy_bundle(root, tmp_path / "copy", workspace.url)
        words = ("--output", "json", "--target", "dev", "--var", "warehouse_id=1")
        done = run_cli(folder, "bundle", "validate", "--strict", *words)
    assert done.returncode == 0, done.stderr
    (trigger,) = [job["trigger"] for job in json.loads(done.stdout)["resources"]["jobs"].values() if "trigger" in job]
    assert (set(trigger), trigger["pause_status"]) == ({kind, "pause_status"}, "PAUSED")
