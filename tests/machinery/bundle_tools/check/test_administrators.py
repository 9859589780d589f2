"""What a generated project needs of an administrator: a SQL warehouse that exists, and few rights elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.doctor import wanted


@pytest.mark.parametrize(("target", "prefix"), [("dev", ""), ("staging", ""), ("staging", "pr12_"), ("prod", "")])
def test_no_deployment_creates_a_sql_warehouse(root: Path, target: str, prefix: str) -> None:
    bundle = load(root, target, variables={"name_prefix": prefix}, environ={})
    resources = bundle.config["resources"]
    assert "sql_warehouses" not in resources
    used = [one["warehouse_id"] for kind in ("alerts", "dashboards") for one in resources[kind].values()]
    assert used
    assert set(used) == {"${var.warehouse_id}"}
    assert len(bundle.looked_up("warehouse")) == 1


def test_production_alone_copies_data_to_another_environment(root: Path) -> None:
    written = {target: wanted.snapshots(load(root, target, environ={})) for target in ("dev", "staging", "prod")}
    assert written == {"dev": [], "staging": [], "prod": ["dev.nyc_taxi_snapshot"]}
