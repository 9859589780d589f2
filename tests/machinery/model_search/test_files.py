from types import SimpleNamespace
from typing import Any, cast

import yaml

from mlops.config.search import Search
from mlops.model_search import families, files
from mlops.model_search.families import YOURS, Contender
from mlops.model_search.trials import Found, Trial
from mlops.training.model_inputs import Kind

import example

KINDS: dict[str, Kind] = dict.fromkeys(example.PROJECT.config.features, "number")


def trial(name: str = "linear") -> Trial:
    contender = next(one for one in families.contenders(example.PROJECT, KINDS) if one.name == name)
    metrics = {contender.project.config.metric: 1.5}
    return Trial(0, contender, dict(contender.first), metrics, 0.1, 0.1, 0.1, None)


def test_the_search_block_can_be_read_back_and_says_where_it_is_from() -> None:
    for name in families.FAMILIES:
        one = trial(name)
        text = files.search(one, "abc")
        assert Search.model_validate(yaml.safe_load(text)["search"]) == one.contender.project.config.search
        assert text.startswith("# Written by the baseline, run abc.")
        assert all(f"#   {parameter}: " in text for parameter in one.hyperparameters)


def test_whole_numbers_are_written_as_whole_numbers() -> None:
    assert "low: 5, high: 100" in files.search(trial("gradient_boosting"), "abc")


def test_the_winner_is_the_best_of_the_others() -> None:
    yours = cast("Any", SimpleNamespace(contender=Contender(YOURS, example.PROJECT, {}, "")))
    assert files.winner(Found([yours, trial()], {})) is not None
    assert files.winner(Found([yours], {})) is None
