import ast
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops.model_search import families, source
from mlops.training.model_inputs import Kind

KINDS: dict[str, Kind] = {"size": "number", "colour": "text", "empty": "number", "at": "time"}
LABELS = {"regression": [0.5, 2.0, 1.0], "classification": [0, 1, 0], "multiclass": [0, 1, 2]}


def rows(count: int = 60) -> pd.DataFrame:
    """Rows with missing values of each kind, and a column without any value."""
    turn = np.arange(count)
    return pd.DataFrame(
        {
            "size": np.where(turn % 7 == 0, np.nan, turn % 3),
            "colour": np.array(["red", "blue", None], dtype=object)[turn % 3],
            "empty": np.full(count, np.nan),
            "at": pd.Series(pd.date_range("2024-01-01", periods=count, freq="5h")).mask(turn % 11 == 0),
        }
    )


@pytest.mark.parametrize("problem_type", list(LABELS))
@pytest.mark.parametrize("family", list(families.FAMILIES))
def test_each_family_fits_rows_with_missing_values_and_predicts_rows_with_unknown_texts(
    family: str, problem_type: str
) -> None:
    module = source.load_text(source.model_text(family, KINDS), family)
    space, first = families.FAMILIES[family]
    fixed = {name: one["value"] for name, one in space.items() if "value" in one}
    label = np.resize(LABELS[problem_type], 60)
    model = module.build(problem_type, {**fixed, **first}, 1).fit(rows(), label)
    predicted = getattr(model, module.PREDICT_METHOD[problem_type])(rows(9).assign(colour="green"))
    assert predicted.shape == ((9,) if problem_type == "regression" else (9, len(set(LABELS[problem_type]))))
    assert np.isfinite(predicted).all()


@pytest.mark.parametrize("family", list(families.FAMILIES))
def test_the_columns_of_a_project_are_written_into_the_file_whatever_their_names(family: str) -> None:
    text = source.model_text(family, {'odd "name" \\1': "number", "b": "text"})
    assert source.load_text(text, family).NUMBERS == ['odd "name" \\1']
    assert source.load_text(text, family).TEXTS == ["b"]
    assert source.load_text(text, family).TIMES == []


def test_a_script_builds_the_model_of_the_trial() -> None:
    text = source.model_text("extra_trees", KINDS)
    given: dict[str, Any] = {"n_estimators": 7, "max_features": 0.5, "min_samples_leaf": 2}
    module = source.load_text(source.script(text, "regression", given, 3), "trial")
    assert {name: module.MODEL[-1].get_params()[name] for name in given} == given
    assert module.MODEL[-1].random_state == 3


@pytest.mark.parametrize("family", list(families.FAMILIES))
def test_a_model_file_needs_nothing_of_the_machinery(family: str) -> None:
    tree = ast.parse(source.model_text(family, KINDS))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name and name.startswith("mlops")}
