from pathlib import Path

import pytest

from bundle_tools.bundle.load import Bundle, load
from bundle_tools.doctor import wanted

ROBOT = "11112222-3333-4444-5555-666677778888"


def bundle(root: Path, text: str) -> Bundle:
    (root / "databricks.yml").write_text("bundle: {name: b}\n" + text)
    return load(root, environ={}, user="ada@example.org")


def test_principals_are_found_wherever_a_bundle_may_name_one(tmp_path: Path) -> None:
    text = """
run_as: {service_principal_name: ROBOT}
permissions: [{group_name: readers, level: CAN_VIEW}, {user_name: eve@example.org, level: CAN_MANAGE}]
resources:
  schemas:
    s: {catalog_name: c, name: s, grants: [{principal: writers, privileges: [x]}, {principal: account users}]}
  registered_models:
    m: {catalog_name: c, schema_name: s, name: m, grants: [{principal: "${resources.apps.a.id}"}]}
  apps: {a: {name: a}}
  jobs:
    j:
      name: j
      permissions: [{group_name: readers}, {service_principal_name: not-an-id}]
      run_as: {user_name: "${workspace.current_user.userName}"}
      parameters: [{name: principal, default: nobody}]
"""
    found = bundle(tmp_path, text.replace("ROBOT", ROBOT))
    assert wanted.principals(found, "group") == ["readers", "writers"]
    assert wanted.principals(found, "user") == ["eve@example.org", "ada@example.org"]
    assert wanted.principals(found, "service principal") == [ROBOT, "not-an-id"]
    assert wanted.principals(found, "service principal", ["run_as"]) == [ROBOT]


def test_a_bundle_that_names_nothing_needs_nothing(tmp_path: Path) -> None:
    found = bundle(tmp_path, "")
    assert wanted.catalogs(found) == wanted.principals(found, "group") == wanted.values(found, "warehouse_id") == []
    assert wanted.schemas(found) == {}


def test_the_form_of_a_principal_determines_its_kind(tmp_path: Path) -> None:
    found = bundle(tmp_path, f"permissions: [{{group_name: {ROBOT}}}, {{service_principal_name: ada@example.org}}]")
    assert wanted.principals(found, "service principal") == [ROBOT]
    assert wanted.principals(found, "user") == ["ada@example.org"]


def test_schemas_come_from_all_resources_except_in_catalogs_that_the_bundle_creates(tmp_path: Path) -> None:
    found = bundle(
        tmp_path,
        """
resources:
  catalogs: {own: {name: own}}
  schemas:
    ml: {catalog_name: dev, name: ml}
    empty: {catalog_name: dev, name: empty}
    inside: {catalog_name: own, name: ml}
  registered_models: {m: {catalog_name: dev, schema_name: ml, name: m}}
  volumes:
    v: {catalog_name: prod, schema_name: files, name: v}
    w: {catalog_name: dev, schema_name: ml, name: w}
    x: {catalog_name: dev, schema_name: "${resources.apps.a.id}", name: x}
  apps: {a: {name: a}}
""",
    )
    assert wanted.catalogs(found) == ["dev", "prod"]
    assert wanted.schemas(found) == {
        "dev.empty": wanted.Schema("dev", made_here=True, privileges=()),
        "dev.ml": wanted.Schema("dev", made_here=True, privileges=("CREATE_MODEL", "CREATE_VOLUME")),
        "prod.files": wanted.Schema("prod", made_here=False, privileges=("CREATE_VOLUME",)),
    }


def test_values_are_found_at_any_depth_except_those_known_after_deployment(tmp_path: Path) -> None:
    found = bundle(
        tmp_path,
        """
resources:
  sql_warehouses: {w: {name: w}}
  jobs:
    j:
      name: j
      tasks:
        - {task_key: a, sql_task: {warehouse_id: abc123}}
        - {task_key: b, sql_task: {warehouse_id: "${resources.sql_warehouses.w.id}"}}
        - {task_key: c, new_cluster: {node_type_id: m5.large, driver_node_type_id: m5.xlarge}}
  alerts: {a: {display_name: a, warehouse_id: abc123}}
""",
    )
    assert wanted.values(found, "warehouse_id") == ["abc123"]
    assert wanted.values(found, "node_type_id", "driver_node_type_id") == ["m5.large", "m5.xlarge"]


def test_the_place_of_a_value_is_the_target_s_or_a_general_variable_or_the_files(tmp_path: Path) -> None:
    text = """
variables: {catalog: {default: dev}, environment: {default: prod}, group: {default: readers}}
targets: {prod: {variables: {catalog: prod}}}
"""
    found = bundle(tmp_path, text)
    expected = "databricks.yml: targets.prod.variables.catalog or variables.environment"
    assert wanted.place(found, "prod") == expected
    assert wanted.place(found, "readers") == "databricks.yml: variables.group"
    assert wanted.place(found, "nobody") == "databricks.yml or its resources"


@pytest.mark.parametrize(
    ("principal", "expected"),
    [("22222222-2222-2222-2222-222222222222", True), (ROBOT, False), ("2222", False), ("", False)],
)
def test_a_placeholder_is_an_id_of_one_digit(principal: str, *, expected: bool) -> None:
    assert wanted.is_placeholder(principal) is expected


def test_a_variable_without_a_value_is_not_returned(tmp_path: Path) -> None:
    found = bundle(tmp_path, "variables: {source_tables: {default: ''}, warehouse_id: {lookup: {warehouse: w}}}\n")
    assert wanted.source_tables(found) == wanted.variable(found, "warehouse_id") == []
    assert wanted.variable(found, "other") == []


def test_snapshots_are_the_schemas_that_tasks_write_in_other_catalogs(tmp_path: Path) -> None:
    def job(name: str) -> str:
        task = f"{{task_key: t, python_wheel_task: {{named_parameters: {{snapshot_schema: {name}}}}}}}"
        return f"{{name: j, tasks: [{task}]}}"

    schemas = "schemas: {ml: {catalog_name: prod, name: taxi}}"
    jobs = f"jobs: {{a: {job('dev.x')}, b: {job('prod.y')}, c: {job('dev.x')}}}"
    assert wanted.snapshots(bundle(tmp_path, f"resources: {{{schemas}, {jobs}}}\n")) == ["dev.x"]
