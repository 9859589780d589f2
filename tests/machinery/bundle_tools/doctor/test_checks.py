from pathlib import Path

from bundle_tools.bundle.load import load
from bundle_tools.doctor.checks import CHECKS

BUNDLE = """
bundle: {name: b}
variables: {warehouse_id: {default: two}, source_tables: {default: trips=a.b.c}}
run_as: {service_principal_name: 11112222-3333-4444-5555-666677778888}
permissions: [{service_principal_name: 99992222-3333-4444-5555-666677778888, level: CAN_VIEW}]
resources:
  jobs:
    on_clusters:
      name: on_clusters
      job_clusters:
        - job_cluster_key: main
          new_cluster: {node_type_id: small, driver_node_type_id: large, spark_version: newest}
    serverless: {name: serverless, environments: [{environment_key: main}]}
    also_serverless: {name: also_serverless, environments: [{environment_key: main}]}
    on_what_is_there: {name: on_what_is_there, tasks: [{task_key: a, sql_task: {warehouse_id: one}}]}
"""


def test_each_check_asks_about_what_the_bundle_uses(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    bundle = load(tmp_path, environ={}, user="ada@example.org")
    things = {check.title: list(check.things(bundle)) for check in CHECKS}
    assert things == {
        "catalogs": [],
        "what you may do in schemas": [],
        "what you may do with snapshots": [],
        "entitlements": ["workspace-access", "databricks-sql-access", "allow-cluster-create"],
        "locks": ["/Workspace/Users/ada@example.org/.bundle/b/default/state"],
        "other deployments": [],
        "groups": [],
        "users": [],
        "service principals": ["11112222-3333-4444-5555-666677778888", "99992222-3333-4444-5555-666677778888"],
        "the right to run jobs as a service principal": ["11112222-3333-4444-5555-666677778888"],
        "serverless compute": ["serverless, also_serverless"],
        "node types": ["small", "large"],
        "Databricks Runtimes": ["newest"],
        "SQL warehouses": ["one", "two"],
        "the right to use SQL warehouses": ["one", "two"],
        "source tables": ["a.b.c"],
        "federation policies": [],
    }
