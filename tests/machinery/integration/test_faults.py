"""Injects one fault at a time into the training job on the local runner: no fault may promote a wrong model.

The initial champion is weak, so that any sound challenger beats it. After each fault the champion is unchanged, or it
is a version that was shown to be better. A version that did not pass all checks is never PASSED, and running the job
again without the fault succeeds. The task `train` registers a copy of one trained model, unless the fault is in `train`
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.dummy import DummyClassifier, DummyRegressor

from bundle_tools.bundle import load as bundles
from bundle_tools.run import entry_points
from bundle_tools.run.scheduler import JobRun, run_job
from bundle_tools.workspace.workspace import Workspace, model_name
from mlops import tasks
from mlops.config.validation import Bound, Slice, SliceRows
from mlops.errors import ProjectError
from mlops.evaluation.measures import Measures
from mlops.promotion import comparison
from mlops.registry import CHALLENGER, CHAMPION, STATUS_TAG, Registry, uri
from mlops.tasks import promote, validate
from mlops.training import search as training
from mlops_local.feature_store import packaged_model
from mlops_local.platform import LocalPlatform

import example
from example import model
from generated import generated_project

ROOT = generated_project()
SETTINGS = example.PROJECT.config
WRITES = [
    "set_model_version_tag",
    "set_registered_model_alias",
    "set_registered_model_tag",
    "delete_registered_model_tag",
    "update_model_version",
]
Patch = pytest.MonkeyPatch

pytestmark = [
    pytest.mark.mutation,
    pytest.mark.filterwarnings("ignore:.*An input example was not provided:UserWarning"),
]


class Killed(BaseException):
    """Simulates the end of a process by kill -9: it runs no handlers and makes no more writes."""


@dataclass
class World:
    """A model with a weak champion, and the training job of the bundle, whose task train copies a trained model."""

    deployed: bundles.Bundle
    platform: LocalPlatform
    registry: Registry
    trained: Mapping[str, str]
    weak: str
    real_train: bool = False
    before: dict[str, Callable[[Mapping[str, str]], None]] = field(default_factory=dict)
    version: str = ""

    def run(self) -> JobRun:
        """Run the job; `before[entry_point]` is called with the task's parameters just before the task."""
        project = example.PROJECT
        made = {name: tasks.entry_point(name, project) for name in ("train", "validate", "change_champion")}
        call = entry_points.caller(made, self.platform)

        def calling(entry_point: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
            if entry_point in self.before:
                self.before[entry_point](parameters)
            if entry_point == "explain":
                return {}
            if entry_point == "train" and not self.real_train:
                self.version = register(self.registry, self.trained)
                model_uri = uri(self.registry.name, self.version)
                return {**self.trained, "model_uri": model_uri, "model_version": self.version}
            return call(entry_point, parameters)

        return run_job(self.deployed, "training", call=calling, parameters={"trials": "1"})

    def champion(self) -> str:
        """Return the version number of the champion."""
        found = self.registry.client.get_registered_model(self.registry.name).aliases
        return str(found.get(CHAMPION, "none"))

    def status(self) -> str | None:
        """Return the validation status of the version of the last run."""
        return self.registry.version(self.version).tags.get(STATUS_TAG)


def register(registry: Registry, trained: Mapping[str, str], model_uri: str = "") -> str:
    """Register a copy of the trained model, with a description and tags like those that train sets."""
    made = registry.client.create_model_version(
        registry.name, model_uri or trained["model_uri"], run_id=trained["run_id"]
    )
    registry.describe(str(made.version), "A copy.")
    for tag in SETTINGS.validation.required_tags:
        registry.tag(str(made.version), tag, "given")
    return str(made.version)


def inputs(rows: int) -> pd.DataFrame:
    """Return rows of inputs in their types."""
    return pd.DataFrame(1.0, index=range(rows), columns=list(SETTINGS.features)).assign(pickup_borough="Queens")


@pytest.fixture(scope="module")
def weak(training_run: dict[str, str], experiment_id: str) -> str:
    """The URI of a model that always predicts the same bad value, with the same lookups as the sound model."""
    mlflow.set_experiment(experiment_id=experiment_id)
    sound = training_run["model_uri"]
    example = mlflow.pyfunc.load_model(sound).input_example
    rows = inputs(100)
    if SETTINGS.problem_type == "classification":
        estimator = DummyClassifier().fit(rows, [0] + [1] * 99)
    else:
        estimator = DummyRegressor(strategy="constant", constant=99.0).fit(rows, np.zeros(100))
    info = packaged_model.log(
        estimator,
        packaged_model.read_spec(Path(mlflow.artifacts.download_artifacts(sound))),
        mlflow.models.get_model_info(sound).signature,
        example,
        signature=infer_signature(rows, np.zeros(100)),
        pyfunc_predict_fn=model.PREDICT_METHOD[SETTINGS.problem_type],
        serialization_format="cloudpickle",
        pip_requirements=["mlflow"],
    )
    return str(info.model_uri)


@pytest.fixture
def world(
    training_run: dict[str, str],
    weak: str,
    trips: str,
    platform: LocalPlatform,
    tmp_path: Path,
    lenient_gates: None,  # noqa: ARG001 - used for its side effect
) -> World:
    schema = training_run["model_name"].split(".")[1]
    variables = {
        "catalog": "dev",
        "schema": schema,
        "model": f"m{tmp_path.name}"[:60],
        "source_tables": f"trips={trips}",
    }
    bundle = bundles.load(ROOT, "staging", variables=variables, environ={})
    deployed = Workspace(tmp_path).deploy(bundle, platform.spark)
    registry = Registry(model_name(bundle, "model"))
    champion = register(registry, training_run, weak)
    registry.set_status(champion, "PASSED")
    registry.set_alias(CHAMPION, champion)
    return World(deployed, platform, registry, training_run, weak)


def gates(patch: Patch, **changes: object) -> None:
    """Change the settings of the gates."""
    settings = example.PROJECT.config
    validation = settings.validation.model_copy(update=changes)
    changed = settings.model_copy(update={"validation": validation})
    example.change(patch, config=changed)


def broken(patch: Patch, where: object, name: str, error: BaseException | None = None) -> None:
    """Make a function raise an error."""

    def fail(*_: object, **__: object) -> None:
        raise error or RuntimeError("broken on purpose")

    patch.setattr(where, name, fail)


def failing_write(patch: Patch, method: str, says: str) -> None:
    """Make the registry refuse writes that have this text as an argument."""
    real = getattr(MlflowClient, method)

    def write(client: MlflowClient, *arguments: object, **named: object) -> object:
        if says in map(str, arguments):
            raise MlflowException("the registry is not there", error_code=1)
        return real(client, *arguments, **named)

    patch.setattr(MlflowClient, method, write)


def metrics_without(patch: Patch, change: Callable[[dict[str, float]], dict[str, float]]) -> None:
    measured = Measures.evaluate
    patch.setattr(Measures, "evaluate", lambda *given: change(dict(measured(*given))))


def other_model(world: World, patch: Patch, predict: Callable[[pd.DataFrame], Any]) -> None:
    """Make train register another model instead of the sound one, with everything else that a version needs."""

    class Other(mlflow.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> Any:  # noqa: ANN401, ARG002
            return predict(model_input)

    example = inputs(3)
    info = mlflow.pyfunc.log_model(
        name="other",
        python_model=Other(),
        pip_requirements=["mlflow"],
        input_example=example,
        signature=infer_signature(example, np.zeros(3)),
    )
    patch.setattr(world, "trained", {**world.trained, "model_uri": info.model_uri})


# Each fault gets the world and a monkeypatch, and injects itself into the next run.
Fault = Callable[[World, Patch], None]


def exception_in_train(world: World, patch: Patch) -> None:
    world.real_train = True
    broken(patch, training, "train")


def exception_in_validate(_: World, patch: Patch) -> None:
    broken(patch, validate, "run_checks")


def exception_in_deploy(_: World, patch: Patch) -> None:
    broken(patch, promote, "compare")


def metric_is_nan(_: World, patch: Patch) -> None:
    metrics_without(patch, lambda found: {**found, SETTINGS.metric: float("nan")})


def metric_is_missing(_: World, patch: Patch) -> None:
    metrics_without(patch, lambda found: {name: value for name, value in found.items() if name != SETTINGS.metric})


def no_held_out_rows(world: World, patch: Patch) -> None:
    patch.setattr(world, "trained", {**world.trained, "run_id": MlflowClient().create_run("0").info.run_id})


def slice_without_rows_that_must_have_some(_: World, patch: Patch) -> None:
    rows = SliceRows(at_least=5, otherwise="fail")
    gates(patch, slices={"none": Slice(where="trip_distance < 0")}, slice_rows=rows)


def slice_that_cannot_be_read(_: World, patch: Patch) -> None:
    gates(patch, slices={"none": Slice(where="trip_distence < 0")})


def predictions_of_a_wrong_shape(world: World, patch: Patch) -> None:
    other_model(world, patch, lambda rows: np.zeros(len(rows) + 1))


def predictions_that_are_nan(world: World, patch: Patch) -> None:
    other_model(world, patch, lambda rows: np.full(len(rows), np.nan))


def a_model_that_is_worse(world: World, patch: Patch) -> None:
    patch.setattr(world, "trained", {**world.trained, "model_uri": world.weak})


def a_model_that_raises(world: World, patch: Patch) -> None:
    def fail(_: pd.DataFrame) -> None:
        raise RuntimeError("no")

    other_model(world, patch, lambda rows: fail(rows) if len(rows) > 3 else np.zeros(len(rows)))


def a_model_that_cannot_be_loaded(_: World, patch: Patch) -> None:
    broken(patch, mlflow.pyfunc, "load_model", MlflowException("no such artifact"))


def threshold_that_is_not_met(_: World, patch: Patch) -> None:
    gates(patch, metrics={SETTINGS.metric: Bound(min=1e9)})


def threshold_that_is_misspelt(_: World, patch: Patch) -> None:
    def refuse(*_: object) -> None:
        raise ProjectError("project.yml: unknown key 'validation.metrcs'")

    patch.setattr(entry_points, "caller", lambda *_: refuse)


def own_check_that_raises(_: World, patch: Patch) -> None:
    name = next(iter(SETTINGS.validation.custom))
    gates(patch, custom={f"{name}_misspelt": Bound(min=0)})


def documentation_that_is_missing(_: World, patch: Patch) -> None:
    gates(patch, documentation="card/none.md")


def a_tag_that_is_missing(_: World, patch: Patch) -> None:
    gates(patch, required_tags=("nobody_sets_this",))


def report_that_cannot_be_logged(_: World, patch: Patch) -> None:
    broken(patch, mlflow, "log_dict")


def pending_cannot_be_written(_: World, patch: Patch) -> None:
    failing_write(patch, "set_model_version_tag", "PENDING")


def passed_cannot_be_written(_: World, patch: Patch) -> None:
    failing_write(patch, "set_model_version_tag", "PASSED")


def challenger_cannot_be_written(_: World, patch: Patch) -> None:
    failing_write(patch, "set_registered_model_alias", CHALLENGER)


def champion_cannot_be_written(_: World, patch: Patch) -> None:
    failing_write(patch, "set_registered_model_alias", CHAMPION)


def previous_champion_cannot_be_written(_: World, patch: Patch) -> None:
    failing_write(patch, "set_model_version_tag", "previous_champion")


def champion_cannot_be_read(_: World, patch: Patch) -> None:
    broken(patch, MlflowClient, "get_model_version_by_alias", MlflowException("the registry is not there"))


def champion_cannot_be_scored(world: World, patch: Patch) -> None:
    real, standing = comparison.predict, world.champion()

    def predict(model_uri: str, rows: pd.DataFrame) -> Any:  # noqa: ANN401 - predictions
        if model_uri.endswith(f"/{standing}"):
            raise RuntimeError("artifact lost")
        return real(model_uri, rows)

    patch.setattr(comparison, "predict", predict)


def champion_predicts_nan(world: World, patch: Patch) -> None:
    real, standing = comparison.predict, world.champion()
    patch.setattr(
        comparison,
        "predict",
        lambda model_uri, rows: real(model_uri, rows) * (np.nan if model_uri.endswith(f"/{standing}") else 1),
    )


def alias_points_nowhere(world: World, patch: Patch) -> None:
    gone = MlflowException("version not found", error_code=8)
    real = MlflowClient.get_model_version_by_alias
    missing = MlflowException(gone.message, error_code=_code("RESOURCE_DOES_NOT_EXIST"))

    def by_alias(client: MlflowClient, name: str, alias: str) -> object:
        if alias == CHAMPION:
            raise missing
        return real(client, name, alias)

    assert world.champion() != "none"
    patch.setattr(MlflowClient, "get_model_version_by_alias", by_alias)


def _code(name: str) -> int:
    from mlflow.protos import databricks_pb2  # noqa: PLC0415 - only here

    return int(databricks_pb2.ErrorCode.Value(name))


def own_version_is_deleted(world: World, _: Patch) -> None:
    world.before["validate"] = lambda given: MlflowClient().delete_model_version(
        given["model_name"], given["model_version"]
    )


def status_is_taken_back(world: World, _: Patch) -> None:
    world.before["change_champion"] = lambda given: world.registry.set_status(given["model_version"], "FAILED")


def somebody_else_becomes_champion(world: World, patch: Patch) -> None:
    """Simulate two trainings at once: the other one deploys while this one compares."""
    real = promote.compare

    def compare(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        decision = real(*given, **named)
        rival = register(world.registry, world.trained)
        world.registry.set_status(rival, "PASSED")
        world.registry.set_alias(CHAMPION, rival)
        patch.setattr(promote, "compare", real)
        return decision

    patch.setattr(promote, "compare", compare)


STOPPING: list[Fault] = [
    exception_in_train,
    exception_in_validate,
    exception_in_deploy,
    metric_is_nan,
    metric_is_missing,
    no_held_out_rows,
    slice_without_rows_that_must_have_some,
    slice_that_cannot_be_read,
    predictions_of_a_wrong_shape,
    predictions_that_are_nan,
    a_model_that_raises,
    a_model_that_cannot_be_loaded,
    threshold_that_is_not_met,
    threshold_that_is_misspelt,
    own_check_that_raises,
    documentation_that_is_missing,
    a_tag_that_is_missing,
    report_that_cannot_be_logged,
    pending_cannot_be_written,
    passed_cannot_be_written,
    champion_cannot_be_written,
    previous_champion_cannot_be_written,
    champion_cannot_be_read,
    champion_cannot_be_scored,
    champion_predicts_nan,
    alias_points_nowhere,
    own_version_is_deleted,
    status_is_taken_back,
    challenger_cannot_be_written,
]
# Faults before or during validation: the version has not passed all checks, so its status must not be PASSED.
UNPROVEN = STOPPING[1:2] + STOPPING[3:20]


def heal(world: World) -> None:
    """Run the job again without the fault; it must end with a champion that beats the weak one."""
    world.before.clear()
    world.real_train = False
    run = world.run()
    assert run.succeeded, run.failure
    assert world.champion() == world.version
    assert world.status() == "PASSED"


def test_a_run_without_a_fault_promotes_the_better_version(world: World) -> None:
    heal(world)
    decision = world.registry.version(world.version).tags["deployment_decision"]
    assert decision.startswith("promote: challenger")


@pytest.mark.parametrize("fault", STOPPING, ids=lambda fault: fault.__name__)
def test_a_fault_stops_the_job_and_leaves_the_champion_unchanged(world: World, fault: Fault) -> None:
    before = world.champion()
    trained = world.trained
    with pytest.MonkeyPatch.context() as patch:
        fault(world, patch)
        run = world.run()
    assert not run.succeeded
    assert world.champion() == before
    if fault in UNPROVEN:
        assert world.status() != "PASSED"
    world.trained = trained
    heal(world)


def test_a_version_that_is_worse_is_not_promoted(world: World) -> None:
    heal(world)
    good = world.champion()
    with pytest.MonkeyPatch.context() as patch:
        a_model_that_is_worse(world, patch)
        run = world.run()
    assert run.succeeded
    assert world.champion() == good
    assert world.registry.version(world.version).tags["deployment_decision"].startswith("keep the champion: ")


def test_a_version_that_somebody_else_registers_in_between_is_not_mistaken_for_the_trained_one(world: World) -> None:
    foreign: list[str] = []
    world.before["validate"] = lambda _: foreign.append(register(world.registry, world.trained))
    assert world.run().succeeded
    assert int(foreign[0]) > int(world.version)
    assert world.champion() == world.version
    assert STATUS_TAG not in world.registry.version(foreign[0]).tags


def test_the_second_of_two_concurrent_trainings_fails_with_a_clear_error(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        somebody_else_becomes_champion(world, patch)
        run = world.run()
    assert run.failure is not None
    assert "while version" in str(run.failure.error)
    assert world.champion() not in {world.version, "none"}
    standing = world.champion()
    assert world.run().succeeded
    assert world.champion() == standing  # equally good, so it does not beat the champion


def test_a_deleted_alias_is_set_again_by_the_next_version_that_beats_the_naive_baseline(world: World) -> None:
    MlflowClient().delete_registered_model_alias(world.registry.name, CHAMPION)
    heal(world)
    assert world.registry.version(world.version).tags["previous_champion"] == "none"


def test_a_deleted_champion_is_replaced_by_the_next_version(world: World) -> None:
    MlflowClient().delete_model_version(world.registry.name, world.champion())
    # Unity Catalog deletes the alias with its version; MLflow's own registry does so only in later versions than 3.8.
    MlflowClient().delete_registered_model_alias(world.registry.name, CHAMPION)
    heal(world)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The registry writes of a process; `writes.append("kill 3")` kills it after three writes."""
    done: list[str] = []

    def counted(method: str) -> Callable[..., object]:
        real = getattr(MlflowClient, method)

        def write(client: MlflowClient, *arguments: object, **named: object) -> object:
            limit = next((int(entry.split()[1]) for entry in done if entry.startswith("kill")), None)
            if limit is not None and len(done) > limit:
                raise Killed
            done.append(f"{method} {arguments[1:]}")
            return real(client, *arguments, **named)

        return write

    for method in WRITES:
        monkeypatch.setattr(MlflowClient, method, counted(method))
    return done


@pytest.mark.parametrize("task", ["validate", "change_champion"])
def test_killing_the_process_between_any_two_writes_never_promotes_a_wrong_version(
    world: World, task: str, writes: list[str]
) -> None:
    world.before[task] = lambda _: writes.clear()
    world.before["explain" if task == "change_champion" else "change_champion"] = lambda _: points.append(len(writes))
    points: list[int] = []
    assert world.run().succeeded
    last = points[0]
    assert last >= 4
    for point in range(last):
        world.registry.set_alias(CHAMPION, "1")
        world.before = {task: lambda _, point=point: writes.__setitem__(slice(None), [f"kill {point}"])}
        with pytest.raises(Killed):
            world.run()
        writes.clear()
        standing, status = world.champion(), world.status()
        decided = world.registry.version(world.version).tags.get("deployment_decision", "")
        assert standing == "1" or (standing == world.version and status == "PASSED" and "beats" in decided)
        assert status in {None, "PENDING", "PASSED"}
        world.before.clear()
        assert world.run().succeeded
        assert world.champion() in {standing, world.version}
        assert world.status() == "PASSED"
