"""Texts are cut to what Databricks takes, in one place that everything which writes them goes through."""

import re
from pathlib import Path
from unittest.mock import Mock

import pytest

import mlops
from mlops import text_limits, tracking

# What writes text to MLflow, and where it may be called.
WRITERS = re.compile(
    r"\b(?:mlflow|client|MlflowClient\(\))\.(log_params?|log_batch|set_tags?|set_model_version_tag|set_registered_model_tag|"
    r"set_experiment_tags?|update_model_version|update_registered_model)\("
)
MAY_WRITE = {"registry.py", "tracking.py"}


def test_only_the_registry_and_tracking_write_texts_to_mlflow() -> None:
    source = Path(mlops.__file__).parent
    written = {
        file.relative_to(source).as_posix(): WRITERS.findall(file.read_text(encoding="utf-8"))
        for file in source.rglob("*.py")
    }
    assert {file for file, calls in written.items() if calls} == MAY_WRITE


def test_a_text_that_fits_is_unchanged_and_a_longer_one_shows_that_it_was_cut() -> None:
    assert text_limits.cut("", 3) == ""
    assert text_limits.cut("abc", 3) == "abc"
    assert text_limits.cut("abcd", 3) == "ab…"


def test_the_newest_items_are_kept_whole() -> None:
    assert text_limits.newest_that_fit([], 5) == ""
    assert text_limits.newest_that_fit(["1", "22", "33"], 7) == "1,22,33"
    assert text_limits.newest_that_fit(["1", "22", "33"], 6) == "22,33"


def test_what_is_written_to_a_run_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Mock()
    monkeypatch.setattr(tracking, "MlflowClient", lambda: client)

    tracking.log({"long": "x" * 7000, "number": 3}, {"rmse": 2.5}, {"reason": "x" * 6000}, "r1", "models:/m-7")

    ((run,), written) = client.log_batch.call_args
    assert run == "r1"
    assert {param.key: param.value for param in written["params"]} == {"long": "x" * 5999 + "…", "number": "3"}
    assert {tag.key: tag.value for tag in written["tags"]} == {"reason": "x" * 4999 + "…"}
    assert [(metric.key, metric.value, metric.model_id) for metric in written["metrics"]] == [("rmse", 2.5, "m-7")]
