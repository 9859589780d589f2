"""Creating a SQL warehouse needs an administrator, so a deployment uses one that exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_tools.bundle.load import load


@pytest.mark.parametrize(("target", "prefix"), [("dev", ""), ("staging", ""), ("staging", "pr12_"), ("prod", "")])
def test_no_deployment_creates_a_sql_warehouse(root: Path, target: str, prefix: str) -> None:
    bundle = load(root, target, variables={"name_prefix": prefix}, environ={})
    resources = bundle.config["resources"]
    assert "sql_warehouses" not in resources
    used = [one["warehouse_id"] for kind in ("alerts", "dashboards") for one in resources[kind].values()]
    assert used
    assert set(used) == {"${var.warehouse_id}"}
    assert len(bundle.looked_up("warehouse")) == 1
