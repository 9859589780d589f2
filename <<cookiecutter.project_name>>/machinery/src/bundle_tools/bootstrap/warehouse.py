"""The SQL warehouse that the bundle looks up, and who may use it."""

from __future__ import annotations

from collections.abc import Iterator

from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import CreateWarehouseRequestWarehouseType

from ..doctor import warehouses
from .calls import command
from .needs import Needs
from .records import Principal
from .step import Site, Step

_MINUTES = 10  # until a warehouse that nobody uses stops
_SIZE = "2X-Small"


def steps(site: Site, needs: Needs) -> Iterator[Step]:
    """Yield the steps for each warehouse that the bundle uses; one that it names by its id exists already."""
    for name in warehouses.used(site.bundle):
        is_by_name = name in site.bundle.looked_up("warehouse")
        if is_by_name:
            yield _warehouse(site, name)
        for principal in needs.everybody:
            yield _right(site, name, principal, (f"SQL warehouse {name}",) if is_by_name else ())


def _warehouse(site: Site, name: str) -> Step:
    settings = ("--name", name, "--cluster-size", _SIZE, "--min-num-clusters", "1", "--max-num-clusters", "1")
    return Step(
        f"SQL warehouse {name}",
        lambda: any(listed.name == name for listed in site.client.warehouses.list()),
        lambda: command(
            *("warehouses", "create", *settings, "--auto-stop-mins", str(_MINUTES), "--warehouse-type", "PRO"),
            *("--enable-serverless-compute", "--no-wait"),
        ),
        lambda: site.client.warehouses.create(
            name=name,
            cluster_size=_SIZE,
            min_num_clusters=1,
            max_num_clusters=1,
            auto_stop_mins=_MINUTES,
            warehouse_type=CreateWarehouseRequestWarehouseType.PRO,
            enable_serverless_compute=True,
        ),
        "the role of a workspace admin, or the entitlement Allow unrestricted cluster creation",
    )


def _right(site: Site, name: str, principal: Principal, needs: tuple[str, ...]) -> Step:
    def number() -> str:
        return warehouses.id_of(site.client, site.bundle, name) or f"<id of SQL warehouse {name}>"

    def request() -> AccessControlRequest:
        return AccessControlRequest(
            group_name=principal.written if principal.kind == "group" else None,
            service_principal_name=None if principal.kind == "group" else principal.written,
            permission_level=PermissionLevel.CAN_USE,
        )

    return Step(
        f"{principal}: CAN USE on SQL warehouse {name}",
        lambda: bool({principal.name, *warehouses.WHOLE_WORKSPACE} & set(warehouses.holders_of(site.client, number()))),
        lambda: command(
            *("permissions", "update", "warehouses", number()),
            body={"access_control_list": [request().as_dict()]},
        ),
        lambda: site.client.permissions.update("warehouses", number(), access_control_list=[request()]),
        "CAN MANAGE on the warehouse",
        needs=(principal.in_workspace, *needs),
    )
