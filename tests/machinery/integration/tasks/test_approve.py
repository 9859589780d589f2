import pytest

from bundle_tools.run import auto_approve as approval
from mlops.errors import ProjectError
from mlops.registry import Registry
from mlops.tasks import approve

from running import Runner


@pytest.fixture
def parameters(trained: dict[str, str]) -> dict[str, str]:
    return {
        "model_name": trained["model_name"],
        "model_version": trained["model_version"],
        "approval_tag": "approval",
    }


@pytest.mark.parametrize("said", [None, "rejected", ""])
def test_an_unapproved_version_stops_the_job_and_the_error_says_what_to_do(
    parameters: dict[str, str], said: str | None, run_task: Runner
) -> None:
    if said is not None:
        Registry(parameters["model_name"]).tag(parameters["model_version"], "approval", said)
    with pytest.raises(ProjectError, match=r"is waiting for approval: its tag 'approval' is .* then repair the run"):
        run_task(approve, **parameters)


@pytest.mark.parametrize("said", ["approved", "Approved", " APPROVED "])
def test_an_approved_version_passes_and_names_who_did_it(
    parameters: dict[str, str], said: str, run_task: Runner
) -> None:
    registry = Registry(parameters["model_name"])
    registry.tag(parameters["model_version"], "approval", said)
    assert run_task(approve, **parameters) == {"approved_by": "somebody"}
    registry.tag(parameters["model_version"], "approval_by", "ada")
    assert run_task(approve, **parameters) == {"approved_by": "ada"}


@pytest.mark.parametrize("other", ["", "2"])
def test_a_local_run_approves_the_version_that_was_named_and_no_other(
    parameters: dict[str, str], other: str, run_task: Runner
) -> None:
    calls = []
    approval.with_approval(lambda *call: calls.append(call) or {}, approve=other)("approve", parameters)
    with pytest.raises(ProjectError, match="is waiting for approval"):
        run_task(approve, **parameters)
    approval.with_approval(lambda *call: calls.append(call) or {}, approve="1")("approve", parameters)
    assert run_task(approve, **parameters)["approved_by"] != "somebody"
    assert calls == [("approve", parameters)] * 2
