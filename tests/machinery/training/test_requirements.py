from importlib.metadata import version

from packaging.requirements import Requirement

from mlops.training.requirements import model_requirements


def test_a_model_requires_the_versions_that_it_was_trained_with() -> None:
    found = {Requirement(line).name: str(Requirement(line).specifier) for line in model_requirements()}
    assert found["scikit-learn"] == f"=={version('scikit-learn')}"
    assert {"mlflow", "numpy", "pandas"} <= set(found)


def test_a_model_does_not_require_spark() -> None:
    assert not [line for line in model_requirements() if "spark" in line]
