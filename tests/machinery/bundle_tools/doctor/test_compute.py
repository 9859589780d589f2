import pytest
from databricks.sdk.errors import PermissionDenied

from bundle_tools.doctor import compute
from bundle_tools.doctor.access import Visit

from fake_workspace import UNITY, FakeWorkspace, error, machine

METASTORE = ("GET", f"{UNITY}/current-metastore-assignment")
NODE_TYPES = ("GET", "/api/2.1/clusters/list-node-types")
VERSIONS = ("GET", "/api/2.1/clusters/spark-versions")


@pytest.mark.parametrize(
    "reply",
    [
        error(404, "METASTORE_DOES_NOT_EXIST", "none"),
        error(404, "RESOURCE_DOES_NOT_EXIST", "none"),
        error(400, "FEATURE_DISABLED", "Standard tier"),
    ],
)
def test_serverless_jobs_need_unity_catalog(workspace: FakeWorkspace, visit: Visit, reply: object) -> None:
    workspace.routes[METASTORE] = reply
    finding = compute.serverless(visit, "training")
    assert finding.ok is False
    assert f"serverless compute of training needs Unity Catalog, and {workspace.url} has no" in finding.sentence


def test_another_error_is_not_an_answer(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[METASTORE] = error(403, "PERMISSION_DENIED", "no")
    with pytest.raises(PermissionDenied):
        compute.serverless(visit, "training")


@pytest.mark.parametrize(
    ("machines", "words"),
    [
        ([machine("m6id.4xlarge")], "does not exist in {host}: name another (such as m6id.4xlarge) at databricks.yml"),
        ([machine("Standard_D4")], "does not exist in {host}: name another at databricks.yml: variables.node_type_id"),
        ([], "does not exist in {host}: name another at databricks.yml: variables.node_type_id"),
        (
            [machine("m6id.2xlarge", is_deprecated=True), machine("m5.large", is_deprecated=True), machine("m7.large")],
            "is deprecated in {host}: name another (such as m7.large) at",
        ),
        (
            [machine("m6id.2xlarge", node_info={"status": ["NotEnabledOnSubscription"]})],
            "is not available in {host} (NotEnabledOnSubscription): name another at",
        ),
    ],
)
def test_a_node_type_must_be_available_and_not_deprecated(
    workspace: FakeWorkspace, visit: Visit, machines: list[object], words: str
) -> None:
    workspace.routes[NODE_TYPES] = {"node_types": machines}
    finding = compute.node_type(visit, "m6id.2xlarge")
    assert finding.ok is False
    assert words.format(host=workspace.url) in finding.sentence


def test_a_runtime_must_be_offered_under_exactly_its_key(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[VERSIONS] = {"versions": [{"key": "17.3.x-cpu-ml-scala2.13", "name": "17.3"}, {"name": "?"}]}
    finding = compute.spark_version(visit, "17.x-cpu-ml-scala2.13")
    assert finding.ok is False
    expected = "name another (such as 17.3.x-cpu-ml-scala2.13) at databricks.yml: variables.spark_version"
    assert finding.sentence.endswith(expected)
    workspace.routes[VERSIONS] = {}
    assert compute.spark_version(visit, "17.x-cpu-ml-scala2.13").ok is False
