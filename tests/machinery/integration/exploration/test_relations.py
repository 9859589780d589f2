from dataclasses import replace

import pytest
from pyspark.sql import functions as F

from mlops.exploration import relations
from mlops.exploration.data import Exploration
from mlops_local.platform import LocalPlatform

import example


@pytest.fixture(scope="module")
def data(platform: LocalPlatform, trips: str, features_schema: str) -> Exploration:
    return Exploration.of(example.PROJECT, platform, f"trips={trips}", features_schema)


def test_the_data_are_the_rows_of_training_and_those_without_a_label(data: Exploration) -> None:
    assert set(data.sample["split"]) == set(data.splits)
    assert data.sample["split"].value_counts()["train"] > 500
    assert data.spine.count() >= len(data.sample)
    assert set(data.kinds) == set(data.settings.features)


def test_honest_data_have_no_suspects_and_the_strongest_input_is_the_most_important(data: Exploration) -> None:
    model, rows = relations.quick_model(data)
    found = relations.suspects(data, model, rows)
    assert len(found) == 5
    assert set(found["result"]) == {"passed"}
    assert relations.importance(data, model, rows["validation"])["input"].iloc[0] == "trip_distance"


def test_correlations_begin_with_the_label_and_the_input_that_goes_with_it(data: Exploration) -> None:
    found = relations.correlations(data)
    assert found.index[0] == data.settings.label
    assert found.index[1] in {"trip_distance", "distance_band"}
    assert found.iloc[0, 1] > 0.5
    assert found.to_numpy().diagonal().tolist() == [1.0] * len(found)


def test_an_input_that_knows_the_label_is_a_suspect(platform: LocalPlatform, trips: str, features_schema: str) -> None:
    label = example.PROJECT.config.label
    leaking = replace(
        example.PROJECT,
        spine=lambda rows: example.PROJECT.spine(rows).withColumn("trip_distance", F.col(label) * 2.0),
    )
    data = Exploration.of(leaking, platform, f"trips={trips}", features_schema)
    found = relations.suspects(data, *relations.quick_model(data))
    told = found[found["result"] == "SUSPECT"]["reason"]
    assert told.str.contains("trip_distance").any()
