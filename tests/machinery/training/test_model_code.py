import importlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlops.errors import ProjectError
from mlops.training.model_code import collect_code, referenced_modules
from mlops.training.requirements import model_requirements

PACKAGE = "taxi_steps"
FILES = {
    "__init__.py": "",
    "unused.py": "raise RuntimeError('nobody needs this module')",
    "units.py": "from packaging.version import Version\nfrom mlops import DECISION_THRESHOLD\n\nMILE = 1.609\n",
    "steps/__init__.py": "",
    "steps/miles.py": """
from sklearn.base import BaseEstimator, TransformerMixin
from ..units import MILE

class Kilometres(TransformerMixin, BaseEstimator):
    def fit(self, features, label=None):
        self.fitted_ = True
        return self

    def transform(self, features):
        return features * MILE
""",
}
# Loads a saved model where neither the project nor its machinery can be imported, and predicts one row.
CONSUMER = """
import importlib.util, sys
from pathlib import Path
sys.path[:] = [path for path in sys.path if not Path(path, "mlops").is_dir()]  # where the project is installed
assert not any(importlib.util.find_spec(name) for name in ("mlops", "taxi_steps")), sys.path
import mlflow.pyfunc, pandas
print(mlflow.pyfunc.load_model(sys.argv[1]).predict(pandas.DataFrame({"miles": [10.0]}))[0])
"""
ROWS = pd.DataFrame({"miles": [1.0, 2.0, 3.0]})


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """A fitted pipeline with a transformer of a package of the project."""
    for name, text in FILES.items():
        file = tmp_path / PACKAGE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    kilometres = importlib.import_module(f"{PACKAGE}.steps.miles").Kilometres
    yield Pipeline([("km", kilometres()), ("model", LinearRegression())]).fit(ROWS, ROWS["miles"] * 2)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.parametrize("step", [HistGradientBoostingRegressor(), Pipeline([("a", StandardScaler())])])
def test_a_model_of_installed_packages_takes_no_code_along(step: BaseEstimator) -> None:
    with collect_code(Pipeline([("step", step)]), {"mlops", "example"}) as code:
        assert code.paths == []
        assert set(model_requirements()) <= set(code.requirements)


def test_the_packages_of_all_parts_of_an_estimator_are_required() -> None:
    nested = Pipeline([("inner", Pipeline([("a", FunctionTransformer(kw_args={"d": FloatDistribution(0, 1)}))]))])
    with collect_code(nested, {"mlops"}) as code:
        assert f"optuna=={version('optuna')}" in code.requirements
        assert not [line for line in code.requirements if "spark" in line]
    with collect_code(StandardScaler(), {"mlops"}) as code:
        assert not [line for line in code.requirements if "optuna" in line]


def test_the_modules_of_a_function_without_a_name_are_required() -> None:
    assert "optuna" in {name.partition(".")[0] for name in referenced_modules(FunctionTransformer(_nameless()))}


def test_the_code_of_the_project_goes_with_the_model_and_nothing_else(own: Pipeline) -> None:
    with collect_code(own, {"mlops", PACKAGE}) as code:
        files = {
            file.relative_to(Path(path).parent).as_posix() for path in code.paths for file in Path(path).rglob("*.py")
        }
        assert f"packaging=={version('packaging')}" in code.requirements
        assert not [line for line in code.requirements if PACKAGE in line.replace("-", "_")]
    of_yours = {"__init__.py", "units.py", "steps/__init__.py", "steps/miles.py"}
    behind_the_front = {
        "evaluation/__init__.py",
        "evaluation/metrics.py",
        "statistics/__init__.py",
        "statistics/arrays.py",
    }
    of_the_machinery = {"__init__.py", *behind_the_front}
    assert files == {f"{PACKAGE}/{name}" for name in of_yours} | {f"mlops/{name}" for name in of_the_machinery}


def test_the_model_predicts_where_the_project_cannot_be_imported(own: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with collect_code(own, {"mlops", PACKAGE}) as code:
        mlflow.sklearn.save_model(
            own,
            str(folder),
            serialization_format="cloudpickle",
            pip_requirements=code.requirements,
            code_paths=code.paths,
        )
    done = subprocess.run(
        [sys.executable, "-I", "-c", CONSUMER, str(folder)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(20.0)


def test_an_estimator_that_cannot_be_saved_is_an_error() -> None:
    with (
        pytest.raises(ProjectError, match=r"the FunctionTransformer cannot be saved .*TypeError"),
        collect_code(FunctionTransformer(kw_args={"lock": threading.Lock()}), {"mlops"}),
    ):
        pass


def _nameless() -> Callable[[pd.DataFrame], object]:
    import optuna  # noqa: PLC0415 - a module that the function refers to

    return lambda rows: np.asarray(rows) * len(optuna.__version__)
