import pytest

from bundle_tools.doctor import unity_catalog
from bundle_tools.doctor.access import Visit
from bundle_tools.doctor.finding import Finding

from fake_workspace import UNITY, USER, FakeWorkspace, Request, error, granted

CATALOG = ("GET", f"{UNITY}/catalogs/prod")
ON_CATALOG = ("GET", f"{UNITY}/effective-permissions/CATALOG/prod")
SCHEMA = ("GET", f"{UNITY}/schemas/prod.taxi")
ON_SCHEMA = ("GET", f"{UNITY}/effective-permissions/SCHEMA/prod.taxi")
TABLE = ("GET", f"{UNITY}/tables/samples.nyctaxi.trips")


def schema(visit: Visit) -> Finding:
    return unity_catalog.schema(visit, "prod.taxi")


def test_a_catalog_that_does_not_exist_is_missing(workspace: FakeWorkspace, visit: Visit) -> None:
    assert unity_catalog.catalog(visit, "prod").ok is True
    workspace.routes[CATALOG] = error(404, "CATALOG_DOES_NOT_EXIST", "none")
    finding = unity_catalog.catalog(visit, "prod")
    assert finding.ok is False
    assert f"catalog prod does not exist in {workspace.url}: have it created" in finding.sentence
    assert finding.sentence.endswith("or name another at databricks.yml: variables.catalog")


@pytest.mark.parametrize(
    ("grants", "ok"),
    [
        ([(USER, "USE_CATALOG"), (USER, "CREATE_SCHEMA")], True),
        ([("ml-engineers", "USE_CATALOG"), ("account users", "CREATE_SCHEMA")], True),
        ([("ml-engineers", "ALL_PRIVILEGES")], True),
        ([(USER, "USE_CATALOG")], False),
        ([(USER, "CREATE_SCHEMA")], False),
        ([("others", "ALL_PRIVILEGES"), ("eve@example.org", "ALL_PRIVILEGES")], False),
        ([(USER, "A_PRIVILEGE_OF_TOMORROW")], False),
        ([], False),
    ],
)
def test_creating_a_schema_needs_both_privileges_from_the_user_or_its_groups(
    workspace: FakeWorkspace, visit: Visit, grants: list[tuple[str, str]], *, ok: bool
) -> None:
    workspace.routes[ON_CATALOG] = granted(*grants)
    assert schema(visit).ok is ok


def test_missing_privileges_are_shown_as_a_grant_statement(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[ON_CATALOG] = granted()
    expected = f"ask the owner (platform) to run GRANT USE CATALOG, CREATE SCHEMA ON CATALOG `prod` TO `{USER}`"
    assert schema(visit).sentence.endswith(expected)
    assert not workspace.asked(SCHEMA[1])


@pytest.mark.parametrize("owner", [USER, "ml-engineers"])
def test_the_owner_of_the_catalog_may_create_schemas(workspace: FakeWorkspace, visit: Visit, owner: str) -> None:
    workspace.routes[CATALOG] = {"name": "prod", "owner": owner}
    workspace.routes[ON_CATALOG] = granted()
    assert schema(visit).ok is True


def test_all_pages_of_privileges_are_read_even_after_an_empty_one(workspace: FakeWorkspace, visit: Visit) -> None:
    pages = {
        None: granted(page="second"),
        "second": granted((USER, "USE_CATALOG"), page="third"),
        "third": granted((USER, "CREATE_SCHEMA")),
    }

    def page(request: Request) -> object:
        return pages[request.query.get("page_token")]

    workspace.routes[ON_CATALOG] = page
    assert schema(visit).ok is True
    assert {request.query["max_results"] for request in workspace.asked(ON_CATALOG[1])} == {"0"}


@pytest.mark.parametrize(
    ("owner", "grants", "lacking"),
    [
        (USER, [], ""),
        ("ml-engineers", [], ""),
        ("eve", [(USER, "ALL_PRIVILEGES")], ""),
        ("eve", [(USER, "USE_SCHEMA"), ("ml-engineers", "CREATE_MODEL"), (USER, "CREATE_VOLUME")], ""),
        ("eve", [(USER, "USE_SCHEMA"), (USER, "CREATE_MODEL")], "CREATE VOLUME"),
        ("eve", [(USER, "USE_SCHEMA"), (USER, "CREATE_VOLUME")], "CREATE MODEL"),
        ("eve", [(USER, "CREATE_MODEL"), (USER, "CREATE_VOLUME")], "USE SCHEMA"),
        ("eve", [("others", "ALL_PRIVILEGES")], "USE SCHEMA, CREATE MODEL, CREATE VOLUME"),
    ],
)
def test_an_existing_schema_must_allow_what_the_bundle_creates_in_it(
    workspace: FakeWorkspace, visit: Visit, owner: str, grants: list[tuple[str, str]], lacking: str
) -> None:
    workspace.routes[ON_CATALOG] = granted((USER, "USE_CATALOG"))
    workspace.routes[SCHEMA] = {"name": "taxi", "owner": owner}
    workspace.routes[ON_SCHEMA] = granted(*grants)
    finding = schema(visit)
    assert finding.ok is not bool(lacking)
    if lacking:
        assert f"(eve) to run GRANT {lacking} ON SCHEMA `prod`.`taxi` TO `{USER}`" in finding.sentence


def test_a_schema_in_a_missing_catalog_is_not_checked(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[CATALOG] = error(404, "CATALOG_DOES_NOT_EXIST", "none")
    assert schema(visit).ok is None


def test_a_schema_that_the_bundle_only_uses_must_exist(workspace: FakeWorkspace, visit: Visit) -> None:
    visit.bundle.config["resources"]["schemas"].clear()
    finding = schema(visit)
    assert finding.ok is False
    assert "schema prod.taxi does not exist, and the bundle does not create it" in finding.sentence
    workspace.routes[ON_CATALOG] = granted()
    assert "GRANT USE CATALOG ON CATALOG" in schema(visit).sentence


def test_a_source_table_that_does_not_exist_is_missing(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[TABLE] = error(404, "TABLE_DOES_NOT_EXIST", "none")
    finding = unity_catalog.table(visit, "samples.nyctaxi.trips")
    assert finding.ok is False
    assert finding.sentence.endswith("name another at databricks.yml: variables.source_tables")


def test_a_source_table_needs_three_levels(visit: Visit) -> None:
    finding = unity_catalog.table(visit, "nyctaxi.trips")
    assert finding.ok is False
    assert "is not a three-level name" in finding.sentence


ON_DEV = ("GET", f"{UNITY}/effective-permissions/CATALOG/dev")
SNAPSHOT = ("GET", f"{UNITY}/schemas/dev.taxi_snapshot")
ON_SNAPSHOT = ("GET", f"{UNITY}/effective-permissions/SCHEMA/dev.taxi_snapshot")


def test_a_snapshot_needs_rights_in_the_catalog_of_development(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes["GET", f"{UNITY}/catalogs/dev"] = {"name": "dev", "owner": "platform"}
    workspace.routes[SNAPSHOT] = error(404, "SCHEMA_DOES_NOT_EXIST", "none")
    workspace.routes[ON_DEV] = granted((USER, "USE_CATALOG"))
    finding = unity_catalog.snapshot(visit, "dev.taxi_snapshot")
    assert finding.ok is False
    assert finding.sentence.startswith("job snapshot: you lack privileges to use schema dev.taxi_snapshot: ")
    assert "GRANT CREATE SCHEMA ON CATALOG `dev`" in finding.sentence
    workspace.routes[ON_DEV] = granted((USER, "USE_CATALOG"), (USER, "CREATE_SCHEMA"))
    assert unity_catalog.snapshot(visit, "dev.taxi_snapshot").ok is True
    workspace.routes[SNAPSHOT] = {"name": "taxi_snapshot", "owner": "somebody"}
    workspace.routes[ON_SNAPSHOT] = granted((USER, "USE_SCHEMA"))
    finding = unity_catalog.snapshot(visit, "dev.taxi_snapshot")
    assert finding.ok is False
    assert "GRANT CREATE TABLE ON SCHEMA `dev`.`taxi_snapshot`" in finding.sentence
