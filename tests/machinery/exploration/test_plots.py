import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mlops.exploration import plots
from mlops.exploration.distributions import Bins


def texts(figure: Figure) -> str:
    """Everything that can be read in a figure."""
    figure.canvas.draw()
    return " ".join(text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")))


def test_the_coverage_shows_where_splits_begin_and_names_the_label() -> None:
    days = pd.date_range("2024-01-01", periods=3, freq="D")
    covered = pd.DataFrame({"rows": [2, 0, 5], "label": [1.0, np.nan, 2.0]}, index=days)
    shown = texts(plots.coverage(covered, "day", "price", {"holdout": days[2]}))
    assert "holdout begins" in shown
    assert "mean of price" in shown
    assert "rows of a day" in shown


def test_a_single_period_can_be_drawn() -> None:
    covered = pd.DataFrame({"rows": [2], "label": [1.0]}, index=pd.date_range("2024-01-01", periods=1))
    assert "Coverage" in texts(plots.coverage(covered, "year", "price", {}))


def test_distributions_of_numbers_and_texts_have_a_plot_each() -> None:
    cut = {"x": Bins(0.0, 1.0), "word": Bins(values=("a", "b"))}
    shares = {name: pd.DataFrame({"train": 1 / len(one.names)}, index=one.names) for name, one in cut.items()}
    shown = texts(plots.distributions(shares, cut))
    assert all(word in shown for word in ("x", "word", "train"))


def test_a_matrix_shows_its_numbers_but_not_those_that_are_unknown() -> None:
    found = pd.DataFrame([[1.0, 0.25], [0.25, np.nan]], index=["one", "two"], columns=["one", "two"])
    shown = texts(plots.correlations(found))
    assert "0.25" in shown
    assert "nan" not in shown
    drift = pd.DataFrame({"x": [0.1, 0.6]}, index=pd.date_range("2024-01-01", periods=2))
    assert "0.60" in texts(plots.drift(drift))


def test_bars_name_what_they_measure() -> None:
    found = pd.DataFrame({"input": ["x"], "worse": [0.5], "std": [0.1]})
    assert "rmse" in texts(plots.importance(found, "rmse"))
    assert "25" in texts(plots.missing(pd.DataFrame({"column": ["x"], "missing %": [25.0]})))
