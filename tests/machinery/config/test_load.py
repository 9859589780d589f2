from pathlib import Path

import pytest
import yaml

from mlops.config.load import load, parse
from mlops.config.validation import Bound
from mlops.errors import ProjectError
from mlops.evaluation.own_metrics import OwnMetric

from example import CONFIG, PROJECT, checks

TEXT = CONFIG.read_text(encoding="utf-8")


def changed(**changes: object) -> str:
    return yaml.safe_dump(yaml.safe_load(TEXT) | changes)


def inferred(**settings: object) -> str:
    """Return the configuration with these settings of inference."""
    return changed(inference=settings)


def gated(**changes: object) -> str:
    return changed(validation=yaml.safe_load(TEXT)["validation"] | changes)


def test_a_bound_can_be_shown_in_words() -> None:
    bounds = [Bound(min=1), Bound(max=2.5), Bound(min=1, max=2.5)]
    assert [str(bound) for bound in bounds] == ["at least 1", "at most 2.5", "at least 1 and at most 2.5"]


def test_the_project_is_configured() -> None:
    settings = PROJECT.config
    assert settings.label not in settings.features
    assert settings.features[: len(settings.spine.inputs)] == settings.spine.inputs


def test_an_own_metric_can_be_named_wherever_a_metric_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "bias", OwnMetric(lambda *_: 0.0, greater_is_better=False, low=0.0), raising=False)
    slices = {"all": {"where": "trip_distance > 0", "metrics": {"bias": {"max": 1}}}}
    text = yaml.safe_dump(yaml.safe_load(gated(metrics={"bias": {"max": 1}}, slices=slices)) | {"metric": "bias"})
    settings = parse(text, metrics=checks)
    assert settings.metric == "bias"
    assert not settings.model_copy(update={"label": "other"}).measures.greater_is_better("bias")
    with pytest.raises(ProjectError, match="'bias' is not a"):
        parse(text)
    with pytest.raises(ProjectError, match=r"validation.metrics.bias \(at most -1\) can never be met"):
        parse(text.replace("bias:\n      max: 1", "bias:\n      max: -1", 1), metrics=checks)
    with pytest.raises(ProjectError, match="did you mean 'bias'"):
        parse(text.replace("metric: bias", "metric: bais"), metrics=checks)


def test_only_classes_can_be_balanced() -> None:
    text = changed(training={"weights": "balanced"})
    if PROJECT.config.problem_type == "regression":
        with pytest.raises(ProjectError, match=r"training.weights: only classes can be balanced"):
            parse(text)
    else:
        assert parse(text).training.weight_column is None


def test_settings_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        PROJECT.config.label = "other"  # type: ignore[misc]


def test_another_file_can_be_loaded(tmp_path: Path) -> None:
    file = tmp_path / "other.yml"
    file.write_text(changed(split={"validation": 0.2, "holdout": 0.1, "keep_days": 3}), encoding="utf-8")
    assert load(file).split.holdout == 0.1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT.replace("promotion:", "promotoin:"), "unknown key 'promotoin': did you mean 'promotion'"),
        (TEXT.replace("  holdout:", "  holdot:"), "unknown key 'split.holdot': did you mean 'holdout'"),
        (TEXT.replace("label: ", "lable: ", 1), "unknown key 'lable': did you mean 'label'"),
        (TEXT.replace("high: 0.3", "high: 0.01"), "must be smaller than high"),
        (TEXT.replace("table: pickup_features", "table: pickup_feature"), "did you mean 'pickup_features'"),
        (TEXT.replace("keys: [pickup_zip]\n    features", "keys: [a, b]\n    features"), "one key for each key"),
        (
            TEXT.replace("lookback_hours: 168", "lookback_hours: 24", 1).replace("table: dropoff_f", "table: pickup_f"),
            "all lookups in 'pickup_features' must have the same lookback_hours",
        ),
        (
            TEXT.replace("    lookback_hours", "    rename: {pickup_trip: x}\n    lookback_hours", 1),
            "rename names 'pickup_trip', which is not in features: did you mean 'pickup_trips'",
        ),
        (
            TEXT.replace("    event_time: window_end\n", "", 1),
            "increment needs event_time: give the table an event_time, or remove increment",
        ),
        (TEXT.replace("output: pickup_hour", f"output: {PROJECT.config.label}"), "is also an input"),
        (
            TEXT.replace("{rule: nulls, column: pickup_zip", "{rule: nulls, column: pickup_zap"),
            "did you mean 'pickup_zip'",
        ),
        (TEXT.replace("min: 0, max: 500", "max_: 500"), "max_"),
        (
            inferred(new_rows={"source_time": "when", "late_hours": 1}),
            "new_rows.source_time: the source trips has no col",
        ),
        (inferred(new_rows={"source_time": "pickup_zip", "late_hours": 1}), "is int, not a timestamp or date"),
        (inferred(new_rows={"source_time": {"x": "y"}, "late_hours": 1}), "names 'x', which is not read there"),
        (inferred(stream={"source": "flights"}), "features.spine does not read 'flights'"),
        (inferred(outputs={"a": {"format": "parquet"}}), "format parquet writes files: give the path of a folder"),
        (inferred(outputs={"a": {"format": "kafka", "path": "x"}}), "path is for files"),
        (inferred(outputs={"a": {"format": "csv", "path": "../x"}}), "path must not contain .."),
        (inferred(outputs={"a": {"format": "jdbc", "options": {"url": "x"}}}), "format jdbc needs the options dbtable"),
        (inferred(outputs={"a": {"format": "online_store", "options": {"x": 1}}}), "has no options here"),
        (inferred(outputs={"a": {"format": "csv", "path": "x", "columns": ["no"]}}), "there is no column 'no'"),
        (inferred(new_champion="keep"), "inference.new_champion: Input should be 'replace' or 'beside'"),
        (TEXT.replace("output: distance_band", "output: model_version"), "rename model_version"),
        (changed(training={"weight": "w"}), "unknown key 'training.weight': did you mean 'weights'"),
        (changed(training={"weights": PROJECT.config.label}), "is an input of the model or its label"),
        (changed(training={"weights": "trip_distance"}), "training.weights: 'trip_distance' is an input of the model"),
        (TEXT.replace("min: 0, max: 500", "at_most: 0.5"), "give min, max or both"),
        (TEXT.replace("holdout: 0.15", "holdout: 0.7"), "split.holdout: Input should be less than 0.5"),
        (changed(metric="rmsle"), "'rmsle' is not a"),
        (gated(metrics={"rms": {"max": 1}}), "'rms' is not a"),
        (gated(slices={"all": {"where": "a > 1", "metrics": {"rms": {"max": 1}}}}), "'rms' is not a"),
        (gated(metrics={PROJECT.config.metric: {}}), "give min, max or both"),
        (gated(metrics={PROJECT.config.metric: {"min": 2, "max": 1}}), "min (2) is greater than max (1)"),
        (gated(metrics={PROJECT.config.metric: {"max": -1}}), "can never be met: the values lie between 0 and"),
        (gated(metrics={PROJECT.config.metric: {"min": 0}}), "is always met: the values lie between 0 and"),
        (gated(slices={"a": {"where": "trip_distance = 0"}}), "'trip_distance = 0' is not true or false for each row"),
        (gated(slices={"a": {"where": "1 == 1"}}), "'1 == 1' is not true or false for each row"),
        (gated(slices={"a": {"where": "trip_distance"}}), "'trip_distance' is not true or false for each row"),
        (
            gated(slices={"a": {"where": "trip_length > 5"}}),
            "cannot be evaluated (name 'trip_length' is not defined); put text into quotes",
        ),
        (gated(slices={"a": {"where": "trip_distance >"}}), "cannot be evaluated"),
        (gated(metrics={}), "at least 1 item"),
        (gated(slice_rows={"at_least": 5, "otherwise": "ignore"}), "'skip' or 'fail'"),
        (
            TEXT.replace("  latency: {row_ms", "  latency: {row"),
            "unknown key 'validation.latency.row': did you mean 'row_ms'",
        ),
        (
            gated(leakage={"accepted": {"trip_distanse": "known"}}),
            "leakage.accepted names 'trip_distanse', which is no input or check: did you mean 'trip_distance'",
        ),
        (
            gated(leakage={"accepted": {"near perfect score": "easy"}}),
            "which is no input or check: did you mean 'near-perfect score'",
        ),
        (gated(leakage={"accepted": {"trip_distance": " "}}), "'trip_distance' is accepted without a reason: say why"),
        (gated(leakage={"acepted": {}}), "unknown key 'validation.leakage.acepted': did you mean 'accepted'"),
        (gated(leakage={"explained_at_most": 1.5}), "validation.leakage.explained_at_most: Input should be less than"),
        (
            TEXT.replace("policy: better", "policy: best"),
            "promotion.policy: Input should be 'better', 'not_worse' or 'bus",
        ),
        ("a: [", "is not valid YAML"),
        (f"{TEXT}\nlabel: other\n", "is not valid YAML: duplicate key 'label' in line"),
        ("just text", "valid dictionary"),
    ],
)
def test_a_mistake_gives_a_one_sentence_error(text: str, expected: str) -> None:
    with pytest.raises(ProjectError, match=r"project\.yml") as caught:
        parse(text)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_features_with_the_same_name_are_refused() -> None:
    lookups = yaml.safe_load(TEXT)["lookups"]
    with pytest.raises(ProjectError, match="same name"):
        parse(changed(lookups=[*lookups, lookups[0]]))


@pytest.mark.parametrize("name", ["trip_distance", "pickup_trips", "pickup_hour", "pickup_features", "missing values"])
def test_inputs_feature_tables_and_checks_can_be_accepted_as_no_leakage(name: str) -> None:
    assert parse(gated(leakage={"accepted": {name: "why not"}})).validation.leakage.accepted == {name: "why not"}


def test_a_configuration_without_leakage_settings_accepts_nothing() -> None:
    validation = {key: value for key, value in yaml.safe_load(TEXT)["validation"].items() if key != "leakage"}
    assert parse(changed(validation=validation)).validation.leakage.accepted == {}
