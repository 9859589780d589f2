"""What a version needs so that its validation is believed, on a real registry."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from mlops.config.validation import Bound
from mlops.errors import ProjectError
from mlops.registry import Registry
from mlops.training import training_set
from mlops.validation import proof, report
from mlops.validation.check import Check
from mlops_local.platform import LocalPlatform

from example import PROJECT
from integration.conftest import prove

SETTINGS = PROJECT.config


@pytest.fixture
def registry(trained: dict[str, str], platform: LocalPlatform) -> Registry:
    """A model whose version 1 passed validation."""
    prove(trained, platform)
    return Registry(trained["model_name"])


@pytest.fixture
def rows(trained: dict[str, str], platform: LocalPlatform) -> pd.DataFrame:
    return training_set.read(platform.tables, trained["training_table"], trained["run_id"], "holdout")


def recorded(registry: Registry) -> dict[str, str]:
    """Return the proof of version 1."""
    found: dict[str, str] = json.loads(registry.version("1").tags[proof.TAG])
    return found


def refused(registry: Registry, rows: pd.DataFrame, because: str, version: str = "1") -> None:
    with pytest.raises(ProjectError, match=because):
        proof.require(registry, registry.version(version), PROJECT, rows)


def test_a_version_that_passed_is_proven_until_somebody_takes_its_status_back(
    registry: Registry, rows: pd.DataFrame
) -> None:
    proof.require(registry, registry.version("1"), PROJECT, rows)
    proof.require_same_model(registry, registry.version("1"))
    registry.set_status("1", "FAILED")
    refused(registry, rows, "version 1 of .* has the validation status FAILED: only a version that passed")


@pytest.mark.parametrize(
    ("part", "named"), [("model", "model"), ("gates", "gates"), ("rows", "held-out rows"), ("report", "report")]
)
def test_the_part_that_differs_or_is_not_recorded_is_named(
    registry: Registry, rows: pd.DataFrame, part: str, named: str
) -> None:
    own = recorded(registry)
    assert sorted(own) == ["gates", "model", "report", "rows"]
    without = {name: digest for name, digest in own.items() if name != part}
    for other in (own | {part: "0" * 16}, without):
        registry.tag("1", proof.TAG, json.dumps(other))
        refused(registry, rows, f"passed validation, but its {named} changed since then: validate it again")


@pytest.mark.parametrize("text", ["[]", '"yes"', "1"])
def test_a_proof_that_is_no_mapping_proves_nothing(registry: Registry, rows: pd.DataFrame, text: str) -> None:
    registry.tag("1", proof.TAG, text)
    refused(registry, rows, "its model and its gates and its held-out rows and its report changed")


def test_a_proof_that_is_not_json_is_refused(registry: Registry, rows: pd.DataFrame) -> None:
    registry.tag("1", proof.TAG, "yes")
    refused(registry, rows, "the tag validation_proof is not valid .*: validate the version again")


def test_other_rows_and_other_gates_need_another_validation(registry: Registry, rows: pd.DataFrame) -> None:
    refused(registry, rows[1:], "but its held-out rows changed since then")
    wider = SETTINGS.validation.model_copy(update={"predictions": Bound(min=-1e9, max=1e9)})
    changed = replace(PROJECT, config=SETTINGS.model_copy(update={"validation": wider}))
    with pytest.raises(ProjectError, match="but its gates changed since then"):
        proof.require(registry, registry.version("1"), changed, rows)


def test_a_report_with_a_failed_check_does_not_prove_that_the_version_passed(
    registry: Registry, trained: dict[str, str], rows: pd.DataFrame
) -> None:
    checks = [Check("fine", passed=True, reason=""), Check("bad", passed=False, reason="")]
    with mlflow.start_run(run_id=trained["run_id"]):
        mlflow.log_dict([asdict(one) for one in checks], report.FILE)  # type: ignore[arg-type] # any JSON
    proof.record(registry, registry.version("1"), PROJECT, proof.rows_digest(rows))
    refused(registry, rows, "has the status PASSED, but its report has failed checks: validate it again")


@pytest.mark.parametrize("written", [None, {"passed": True}])
def test_a_version_without_a_list_of_checks_in_its_run_has_no_proof(
    registry: Registry, trained: dict[str, str], rows: pd.DataFrame, written: dict[str, bool] | None
) -> None:
    with mlflow.start_run(experiment_id=mlflow.get_run(trained["run_id"]).info.experiment_id) as run:
        mlflow.log_text("another file", "validation/notes.txt")
        if written:
            mlflow.log_dict(written, report.FILE)
    MlflowClient().create_model_version(registry.name, trained["model_uri"], run_id=run.info.run_id)
    registry.set_status("2", "PASSED")
    registry.tag("2", proof.TAG, json.dumps(recorded(registry)))
    refused(registry, rows, "version 2 of .* has the status PASSED, but no proof of its validation", version="2")


def test_a_status_without_a_proof_is_not_enough(
    registry: Registry, trained: dict[str, str], rows: pd.DataFrame
) -> None:
    MlflowClient().create_model_version(registry.name, trained["model_uri"], run_id=trained["run_id"])
    registry.set_status("2", "PASSED")
    refused(registry, rows, "version 2 of .* has the status PASSED, but no proof of its validation", version="2")
    with pytest.raises(ProjectError, match=r"version 2 of .* has no proof of its validation: validate it, or give"):
        proof.require_same_model(registry, registry.version("2"))


def test_a_rollback_needs_the_same_model_and_nothing_else(registry: Registry) -> None:
    own = recorded(registry)
    registry.tag("1", proof.TAG, json.dumps({"model": own["model"]}))
    proof.require_same_model(registry, registry.version("1"))
    registry.tag("1", proof.TAG, json.dumps(own | {"model": "0" * 16}))
    with pytest.raises(ProjectError, match="passed validation, but its model changed since then"):
        proof.require_same_model(registry, registry.version("1"))
