import io
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mlops.evaluation import plots
from mlops.evaluation.plots_of_classes import of_classes
from mlops.evaluation.shap_values import Explanation

RNG = np.random.default_rng(1)


def explanation(features: int, rows: int = 20) -> Explanation:
    names = [f"f{number}" for number in range(features)]
    values = pd.DataFrame(RNG.normal(size=(rows, features)) * np.arange(1, features + 1), columns=names)
    return Explanation(values, values.where(values < 1), base=0.0, background_rows=5)


def texts(figure: Figure) -> list[str]:
    """Return the title, and the labels of the axes and of the colour bar."""
    return [text for axes in figure.axes for text in (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel())]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    """Every figure, by its name."""
    label = (RNG.random(200) < 0.4).astype(float)
    return {
        **plots.of_explanation(explanation(4), "dollars"),
        **plots.of_predictions("regression", RNG.normal(size=200), RNG.normal(size=200), "dollars"),
        **plots.of_predictions("classification", label, RNG.random(200), "dollars"),
    }


def test_each_problem_type_has_its_figures() -> None:
    label = np.array([0.0, 1.0])
    assert set(plots.of_predictions("regression", label, label, "x")) == {"predicted_and_actual", "residuals"}
    assert set(plots.of_predictions("classification", label, label, "x")) == {"calibration", "scores"}
    assert set(plots.of_explanation(explanation(2), "x")) == {"importance", "shap_values"}


@pytest.mark.parametrize(
    "name", ["importance", "shap_values", "predicted_and_actual", "residuals", "calibration", "scores"]
)
def test_a_figure_has_a_title_a_unit_and_can_be_saved(drawn: dict[str, Figure], name: str) -> None:
    figure = drawn[name]
    title, across, up = texts(figure)[:3]
    assert title
    assert "dollars" in across + up
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=30)
    assert picture.getvalue().startswith(b"\x89PNG")


def test_no_figure_stays_open() -> None:
    before = open_figures()
    plots.bars(explanation(3).importance, "dollars")
    plots.of_explanation(explanation(3), "dollars")
    assert open_figures() == before


def open_figures() -> list[int]:
    """Return the figures that pyplot keeps; other tests, such as those with MLflow's plots, may leave some."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return [] if pyplot is None else list(pyplot.get_fignums())


def test_the_bars_are_the_importances_greatest_first() -> None:
    found = explanation(3)
    axes = plots.bars(found.importance, "dollars").axes[0]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(found.importance.tolist())  # type: ignore[attr-defined]
    assert [text.get_text() for text in axes.get_yticklabels()] == list(found.importance.index)
    assert axes.yaxis_inverted()


def test_only_the_first_features_are_shown_and_the_title_says_so() -> None:
    found = explanation(plots.MOST_FEATURES + 1)
    for figure in plots.of_explanation(found, "dollars").values():
        assert len(figure.axes[0].get_yticklabels()) == plots.MOST_FEATURES
        assert "the first 15 of 16 features" in texts(figure)[0]


def test_the_beeswarm_has_a_dot_for_each_row_at_its_shap_value_within_the_lane_of_its_feature() -> None:
    found = explanation(3, rows=300)
    swarms = plots.beeswarm(found, "dollars").axes[0].collections
    for place, (name, dots) in enumerate(zip(found.importance.index, swarms, strict=True)):
        across, up = np.asarray(dots.get_offsets()).T
        np.testing.assert_allclose(across, found.values[name])
        assert np.abs(up - place).max() <= 0.45


def test_low_and_high_and_missing_values_have_their_colours() -> None:
    values = pd.DataFrame({"f": [1.0, 2.0, 3.0]})
    found = Explanation(values, pd.DataFrame({"f": [0.0, 9.0, np.nan]}), base=0.0, background_rows=1)
    low, high, missing = np.asarray(plots.beeswarm(found, "x").axes[0].collections[0].get_facecolor())
    assert high[0] > high[2]  # red
    assert low[2] > high[2]
    assert missing[0] == missing[1] == missing[2]


def test_equal_shap_values_and_equal_predictions_can_be_drawn() -> None:
    values = pd.DataFrame({"f": np.zeros(10)})
    figures = [plots.beeswarm(Explanation(values, values, 0.0, 1), "x")]
    figures += plots.of_predictions("regression", np.ones(10), np.ones(10), "x").values()
    figures += plots.of_predictions("classification", np.ones(10), np.ones(10), "x").values()
    for figure in figures:
        figure.savefig(io.BytesIO(), format="png", dpi=30)


def test_the_points_are_the_predictions_over_the_truth() -> None:
    label, prediction = np.array([1.0, 2.0, 3.0]), np.array([1.5, 1.0, 4.0])
    dots = plots.predicted_and_actual(label, prediction, "x").axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(np.asarray(dots), np.stack([label, prediction], axis=1))


def test_a_residual_is_positive_where_the_prediction_is_too_high_and_every_row_is_counted() -> None:
    axes = plots.residuals(np.zeros(100), np.full(100, 2.0), "x").axes[0]
    assert sum(bar.get_height() for bar in axes.patches) == 100  # type: ignore[attr-defined]
    assert axes.get_legend_handles_labels()[1] == ["no error", "mean 2"]


def test_a_calibrated_classifier_lies_on_the_diagonal_within_its_intervals() -> None:
    prediction = RNG.random(20_000)
    label = (RNG.random(20_000) < prediction).astype(float)
    axes = plots.calibration(label, prediction, "x").axes[0]
    predicted, observed = np.asarray(axes.lines[1].get_data())
    assert len(predicted) == 10
    np.testing.assert_allclose(predicted, observed, atol=0.04)
    for (x, low), (_, high) in axes.collections[0].get_segments():  # type: ignore[attr-defined]
        assert low - 0.02 < x < high + 0.02
        assert 0 < high - low < 0.06


def test_the_scores_of_each_class_are_shares_that_add_up() -> None:
    label = np.array([0.0] * 30 + [1.0] * 10)
    axes = plots.scores(label, RNG.random(40), "x").axes[0]
    heights = [bar.get_height() for bar in axes.patches]  # type: ignore[attr-defined]
    assert sum(heights[:20]) == pytest.approx(100)
    assert sum(heights[20:]) == pytest.approx(100)
    assert axes.get_legend_handles_labels()[1] == ["class 0: 30 rows", "class 1: 10 rows"]


def test_a_confusion_matrix_shows_the_share_of_each_class_that_is_taken_for_each() -> None:
    label = np.array([0.0, 0.0, 1.0, 2.0])
    figures = of_classes(label, np.eye(3)[[0, 1, 1, 2]], ["red", "green", "blue"])
    axes = figures["confusion"].axes[0]
    assert [text.get_text() for text in axes.texts] == ["50%", "50%", "0%", "0%", "100%", "0%", "0%", "0%", "100%"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["red (2)", "green (1)", "blue (1)"]
    assert figures["calibration"].axes[0].get_ylabel() == "share of right ones"
