import pytest

from mlops.config.load import parse
from mlops.evaluation.own_metrics import OwnMetric
from mlops.validation.proof import gates_digest

from example import CONFIG, PROJECT, checks


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
