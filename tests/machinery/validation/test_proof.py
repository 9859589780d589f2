"""Digests: whatever changes what was validated changes the digest, and nothing else does."""

from pathlib import Path

import pandas as pd
import pytest

from mlops.config.load import parse
from mlops.config.validation import Bound
from mlops.evaluation.own_metrics import OwnMetric
from mlops.validation.proof import gates_digest, model_digest, rows_digest

from example import CONFIG, PROJECT, checks

ROWS = pd.DataFrame({"k": [1, 2, 3], "x": [1.0, 2.0, 3.0]})


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    assert rows_digest(ROWS[::-1]) == rows_digest(ROWS)
    assert rows_digest(ROWS[::-1].reset_index(drop=True)) == rows_digest(ROWS)
    assert rows_digest(ROWS[["x", "k"]]) == rows_digest(ROWS)


def test_a_column_that_a_later_run_adds_to_the_table_does_not_matter() -> None:
    assert rows_digest(ROWS.assign(added=None)) == rows_digest(ROWS)
    assert rows_digest(ROWS.assign(added=[None, None, 1.0])) != rows_digest(ROWS)


@pytest.mark.parametrize("other", [ROWS.assign(x=[1.0, 2.0, 3.5]), ROWS[:2], ROWS.assign(x=[2.0, 1.0, 3.0])])
def test_other_rows_have_another_digest(other: pd.DataFrame) -> None:
    assert rows_digest(other) != rows_digest(ROWS)


def model(folder: Path, **files: str) -> str:
    """Write a model of these files; `__` is a folder's `/`. Return its digest."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return model_digest(str(folder))


def test_a_digest_of_an_earlier_release_is_still_valid(tmp_path: Path) -> None:
    # Versions keep their digests as tags, so another way to compute them would make every champion unproven.
    assert rows_digest(ROWS) == "6bfedf4641ad1ace"
    assert model(tmp_path, MLmodel="flavors", data__weights="1 2 3") == "d213a2ad051e8ea3"


def test_a_model_is_recognized_by_the_names_and_contents_of_its_files(tmp_path: Path) -> None:
    digest = model(tmp_path / "one", MLmodel="flavors", data__weights="1 2 3")
    assert model(tmp_path / "copy", data__weights="1 2 3", MLmodel="flavors") == digest
    others = [
        model(tmp_path / "two", MLmodel="flavors", data__weights="1 2 4"),
        model(tmp_path / "three", MLmodel="flavors", weights="1 2 3"),
        model(tmp_path / "four", MLmodel="flavors"),
        model(tmp_path / "five", MLmodel="flavors", data__weights="1 2 3", more=""),
        model(tmp_path / "six", MLmodel="", data__weights="flavors1 2 3"),
    ]
    assert len({digest, *others}) == 6


def test_the_file_that_names_the_version_of_a_download_is_no_part_of_the_model(tmp_path: Path) -> None:
    digest = model(tmp_path, MLmodel="flavors")
    assert model(tmp_path, registered_model_meta="model_version: 7") == digest


def test_gates_differ_by_their_bounds_and_by_the_code_of_the_checks_and_not_by_order() -> None:
    settings, own = PROJECT.config, dict(PROJECT.checks)
    digest = gates_digest(settings, own)
    tighter = settings.validation.model_copy(update={"predictions": Bound(min=-4, max=4)})
    assert gates_digest(settings.model_copy(update={"validation": tighter}), own) != digest
    first = dict(reversed(settings.validation.metrics.items()))
    turned = settings.validation.model_copy(update={"metrics": first})
    assert gates_digest(settings.model_copy(update={"validation": turned}), own) == digest
    assert gates_digest(settings, {**own, "another": checks.mean_error}) != digest
    assert gates_digest(settings.model_copy(update={"description": "Another text."}), own) == digest


def lenient(label: object, prediction: object) -> float:  # noqa: ARG001 - the arguments of a metric
    return 0.0


def strict(label: object, prediction: object) -> float:  # noqa: ARG001 - likewise
    return 1.0


def test_the_gates_change_with_the_code_of_an_own_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = set()
    for function in (lenient, strict, lenient):
        monkeypatch.setattr(checks, "own", OwnMetric(function, greater_is_better=True), raising=False)
        settings = parse(CONFIG.read_text(encoding="utf-8"), metrics=checks)
        digests.add(gates_digest(settings, PROJECT.checks))
    assert len(digests) == 2
