import numpy as np
import pandas as pd
import pytest

from mlops.evaluation.metrics import Array
from mlops.evaluation.shap_values import BACKGROUND_ROWS, SAMPLE_ROWS, importance

COEFFICIENTS = {"a": 2.0, "b": -0.5, "ignored": 0.0}


def frame(rows: int, seed: int, columns: tuple[str, ...] = tuple(COEFFICIENTS)) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, len(columns))), columns=list(columns))


def linear(rows: pd.DataFrame) -> Array:
    return np.asarray(rows @ pd.Series(COEFFICIENTS), dtype=np.float64)


def test_the_importance_of_a_linear_model_is_its_coefficient_times_the_distance_from_the_mean() -> None:
    background, sample = frame(20, 1), frame(40, 2)
    found = importance(linear, background, sample, seed=1)
    expected = ((sample - background.mean()).abs().mean() * pd.Series(COEFFICIENTS).abs()).sort_values(ascending=False)
    pd.testing.assert_series_equal(found.importance, expected)
    assert found.base == pytest.approx(linear(background).mean())


def test_a_feature_that_the_model_ignores_has_no_importance() -> None:
    found = importance(linear, frame(20, 1), frame(40, 2), seed=1)
    assert found.importance["ignored"] == 0.0
    assert (found.importance.drop("ignored") > 0).all()


def test_the_shap_values_of_a_row_add_up_to_its_prediction_for_a_model_with_interactions() -> None:
    def model(rows: pd.DataFrame) -> Array:
        return (rows["a"] * rows["b"] * rows["ignored"] + rows["a"]).to_numpy()

    sample = frame(30, 2)
    found = importance(model, frame(20, 1), sample, seed=1)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, model(sample))


def test_the_data_of_an_explanation_are_the_rows_of_its_values() -> None:
    sample = frame(500, 2)
    found = importance(linear, frame(20, 1), sample, seed=1)
    pd.testing.assert_frame_equal(found.data, sample.loc[found.values.index])
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, linear(found.data))


def test_features_may_be_missing() -> None:
    def model(rows: pd.DataFrame) -> Array:
        return np.where(rows["a"].isna(), 5.0, 0.0)

    background, sample = frame(20, 1), frame(10, 2)
    sample.loc[:4, "a"] = np.nan
    found = importance(model, background, sample, seed=1)
    assert found.importance.to_dict() == {"a": 2.5, "b": 0.0, "ignored": 0.0}


def test_the_rows_are_bounded_and_fewer_for_many_features() -> None:
    seen: list[int] = []

    def model(rows: pd.DataFrame) -> Array:
        seen.append(len(rows))
        return rows["a"].to_numpy()

    found = importance(model, frame(1000, 1), frame(1000, 2), seed=1)
    assert found.values.shape == (SAMPLE_ROWS, 3)
    assert found.background_rows == BACKGROUND_ROWS
    assert sum(seen) <= SAMPLE_ROWS * BACKGROUND_ROWS * (2 * 3 + 1)
    wide = frame(1000, 1, ("a", *[f"f{number}" for number in range(99)]))
    assert len(importance(model, wide, wide, seed=1).values) == 33


def test_the_same_seed_gives_the_same_values_and_numpys_random_state_is_unchanged() -> None:
    def model(rows: pd.DataFrame) -> Array:
        return (rows["a"] * rows["b"] * rows["ignored"]).to_numpy()

    before = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    for rows in (20, 200):  # 20: all rows are drawn, so only the order of the features can differ; 200: some are drawn
        first, again, other = [importance(model, frame(rows, 1), frame(rows, 2), seed) for seed in (1, 1, 2)]
        pd.testing.assert_frame_equal(first.values, again.values)
        assert not first.values.equals(other.values)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index,union-attr]


def test_text_and_times_are_explained_by_their_values() -> None:
    def days(rows: pd.DataFrame) -> Array:
        late = rows["at"] >= pd.Timestamp("2024-01-02")
        return np.asarray(10.0 * (rows["carrier"] == "b") + late, dtype="float64")

    values = {"carrier": ["a", "b", None, "b"] * 5, "at": pd.to_datetime(["2024-01-01", "2024-01-02"] * 10)}
    rows = pd.DataFrame(values)
    found = importance(days, rows, rows, seed=1)
    assert found.values["carrier"].to_numpy() + found.values["at"].to_numpy() + found.base == pytest.approx(
        days(rows.loc[found.values.index])
    )
    assert found.importance["carrier"] > 5 * found.importance["at"] > 0


@pytest.mark.parametrize(
    ("background", "sample", "expected"),
    [
        (frame(0, 1), frame(5, 2), "cannot explain 5 rows"),
        (frame(5, 1), frame(0, 2), "cannot explain 0 rows"),
        (frame(5, 1), frame(5, 2)[["b", "a", "ignored"]], "cannot explain"),
    ],
)
def test_invalid_rows_are_an_error(background: pd.DataFrame, sample: pd.DataFrame, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        importance(linear, background, sample, seed=1)


@pytest.mark.parametrize(
    ("prediction", "expected"), [(np.ones((1, 2)), r"predictions of shape \(1, 2\)"), (np.nan, "not finite")]
)
def test_a_model_must_return_one_finite_prediction_per_row(prediction: object, expected: str) -> None:
    def model(rows: pd.DataFrame) -> Array:
        return prediction if isinstance(prediction, np.ndarray) else np.full(len(rows), np.nan)

    with pytest.raises(ValueError, match=expected):
        importance(model, frame(5, 1), frame(5, 2), seed=1)


def test_an_error_of_the_model_is_passed_on() -> None:
    def model(_: pd.DataFrame) -> Array:
        raise RuntimeError("the model is broken")

    with pytest.raises(RuntimeError, match="broken"):
        importance(model, frame(5, 1), frame(5, 2), seed=1)
