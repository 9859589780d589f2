"""Runs generated projects whose models are not those of the example: another library, own code, several classes."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from lives import life

from baking import Bake

pytestmark = pytest.mark.slow

MODEL = '''
"""LightGBM, stopped early on the validation rows, behind a transformer of the project."""

from lightgbm import LGBMClassifier, early_stopping
from sklearn.pipeline import Pipeline

from .steps import Logarithms

PREDICT_METHOD = {"multiclass": "predict_proba"}


def build(problem_type, hyperparameters, seed):
    model = LGBMClassifier(random_state=seed, n_jobs=1, verbose=-1)
    return Pipeline([("logarithms", Logarithms()), ("model", model)]).set_params(**hyperparameters)


def fit(estimator, train, validation):
    steps, model = estimator[:-1], estimator[-1]
    model.fit(
        steps.fit_transform(train.features),
        train.label,
        sample_weight=train.weights,
        eval_set=[(steps.transform(validation.features), validation.label)],
        callbacks=[early_stopping(5, verbose=False)],
    )
    return estimator
'''
STEPS = '''
"""A transformer of the project."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Logarithms(TransformerMixin, BaseEstimator):
    """Adds one to each number and takes the logarithm; leaves text out."""

    def fit(self, features, label=None):
        self.fitted_ = True
        return self

    def transform(self, features):
        return np.log1p(features.select_dtypes("number").clip(lower=0))
'''
SPACE = {
    "model__n_estimators": {"value": 400},
    "model__learning_rate": {"value": 0.3},
    "model__boosting_type": {"type": "categorical", "choices": ["gbdt"]},
    "model__num_leaves": {"type": "int", "low": 4, "high": 16, "when": {"model__boosting_type": ["gbdt"]}},
    "model__drop_rate": {"type": "float", "low": 0.1, "high": 0.5, "when": {"model__n_estimators": [400]}},
}
CONSUMER = """
import importlib.util, sys
assert not any(importlib.util.find_spec(name) for name in ("mlops", "nyc_taxi")), sys.path
import mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
row = {one.name: "x" if one.type.name == "string" else 1.0 for one in model.metadata.get_input_schema()}
print(*model.predict(pandas.DataFrame([row]))[0])
print(model.get_raw_model().model[-1].best_iteration_)
"""


@pytest.mark.thorough
def test_a_lightgbm_of_three_classes_behind_a_transformer_of_the_project_lives_its_whole_life(
    bake: Bake, tmp_path: Path
) -> None:
    project = bake().copy_to(tmp_path)
    yours = project.path / "src" / "nyc_taxi"
    (yours / "model.py").write_text(MODEL, encoding="utf-8")
    (yours / "steps.py").write_text(STEPS, encoding="utf-8")
    features = (yours / "features.py").read_text(encoding="utf-8")
    band = 'F.when(F.col("fare_amount") < 10, 1).when(F.col("fare_amount") < 20, 2).otherwise(3).alias("band"),'
    marker = "            F.when(minutes > 0, (minutes"
    (yours / "features.py").write_text(features.replace(marker, f"            {band}\n{marker}"), encoding="utf-8")
    settings = yaml.safe_load((yours / "project.yml").read_text(encoding="utf-8"))
    settings |= {"problem_type": "multiclass", "classes": [1, 2, 3], "label": "band", "metric": "f1_macro"}
    settings |= {"training": {"weights": "balanced"}, "search": {"seed": 1, "space": SPACE}}
    settings["validation"] |= {"metrics": {"log_loss": {"max": 0.5}}, "custom": {}, "predictions": {"min": 0, "max": 1}}
    settings["validation"]["slices"] = {"cheap": {"where": "band == 1 or band == 2", "worse_than_all": 1.0}}
    (yours / "project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (yours / "checks.py").write_text("", encoding="utf-8")

    assert "f1_macro" in life(project)

    model = next((project.path / ".local").rglob("raw_model/MLmodel")).parent
    assert f"lightgbm=={version('lightgbm')}" in (model / "requirements.txt").read_text(encoding="utf-8").split()
    files = {file.relative_to(model / "code").as_posix() for file in (model / "code").rglob("*.py")}
    assert files == {"nyc_taxi/__init__.py", "nyc_taxi/steps.py"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", CONSUMER, str(model)], cwd=model, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    probabilities, iterations = done.stdout.splitlines()[-2:]
    assert sum(map(float, probabilities.split())) == pytest.approx(1.0)
    assert 0 < int(iterations) < 400
