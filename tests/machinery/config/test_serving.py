import pytest
import yaml

from mlops.config.load import parse
from mlops.config.serving import Canary, Serving
from mlops.errors import ProjectError

from example import CONFIG, PROJECT

TEXT = CONFIG.read_text(encoding="utf-8")


def configured(**settings: object) -> Serving:
    return parse(yaml.safe_dump(yaml.safe_load(TEXT) | {"serving": settings})).serving


def test_without_settings_a_version_gets_all_traffic_at_once() -> None:
    assert PROJECT.config.model_copy(update={"serving": Serving()}).serving.rollout == "direct"
    assert configured().steps == ()


def test_the_steps_and_the_bound_depend_on_the_kind_of_rollout() -> None:
    canary = configured(rollout="canary", canary={"steps": [10, 40], "margin": 0.02})
    assert (canary.steps, canary.tolerance) == ((10, 40), 1.02)
    ab = configured(rollout="ab", ab={"share": 30})
    assert (ab.steps, ab.tolerance) == ((30,), 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rollout": "blue"}, "serving.rollout: Input should be 'direct', 'canary' or 'ab'"),
        ({"canary": {"steps": [25, 5]}}, r"serving.canary: steps must increase, such as \[5, 25, 50\], not \[25, 5\]"),
        ({"canary": {"steps": [5, 100]}}, "serving.canary.steps.1: Input should be less than or equal to 99"),
        ({"canary": {"steps": [0.5]}}, "serving.canary.steps.0: Input should be a valid integer"),
        ({"canary": {"steps": []}}, "serving.canary.steps: Tuple should have at least 1 item"),
        ({"alpha": 0}, "serving.alpha: Input should be greater than 0"),
        (
            {"guardrails": {"max_errors": 1}},
            "unknown key 'serving.guardrails.max_errors': did you mean 'max_error_share'",
        ),
        ({"unit": "trip_distanc"}, "serving.unit: there is no column 'trip_distanc': did you mean 'trip_distance'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        configured(**settings)


def test_by_default_each_step_lasts_a_day() -> None:
    assert Canary() == Canary(steps=(5, 25, 50), step_hours=24, margin=0.05)
