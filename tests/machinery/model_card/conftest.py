"""Cards: of a version about which nothing is known, and of one about which everything is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlops.config.validation import Bound
from mlops.model_card.card import ModelCard
from mlops.training.inputs import describe
from mlops.validation.check import Check, SliceResult, within

ON_SLICE = SliceResult("far", "trip_distance >= 5", rows=1117, metric="rmse", worse=1.627)
TOO_FEW = SliceResult("night", "pickup_hour < 6", rows=3)


@pytest.fixture
def empty() -> ModelCard:
    return ModelCard(name="dev.taxi.fare", version="3", run_id="run7")


@pytest.fixture
def full(empty: ModelCard) -> ModelCard:
    return replace(
        empty,
        description="Predicts a fare.",
        problem_type="regression",
        label="fare_amount",
        metric="rmse",
        algorithm="Trees",
        hyperparameters={"learning_rate": "0.02190045387158745", "loss": "squared"},
        registered="2026-11-25T10:00:00+00:00",
        sources={"dev.raw.trips": "12"},
        data_from="2016-01-01 00:00:00",
        data_to="2016-02-29 00:00:00",
        rows={"train": "7,000", "holdout": "1,500"},
        spans={
            "train": ("2016-01-01 00:06:56", "2016-02-12 12:06:01"),
            "holdout": ("2016-02-21 13:26:00", "2016-02-29 23:58:21"),
        },
        inputs=tuple(describe(pd.DataFrame({"trip_distance": np.arange(1.0, 1001.0)}))),
        metrics={"train": {"rmse": 1.23456}, "holdout": {"rmse": 2.0}, "baseline": {"rmse": 9.5}},
        status="PASSED",
        status_time="2026-11-25T10:02:00+00:00",
        reasons="4 of 4 checks passed",
        checks=(
            Check("signature", passed=True, reason="the signature names the features"),
            within("rmse", 2.0, Bound(max=8)),
            replace(within("slice far rmse", 5.0, Bound(max=15)), on_slice=ON_SLICE),
            Check("slice night", True, "slice night has 3 rows", 3.0, "at least 50 rows", True, on_slice=TOO_FEW),  # noqa: FBT003
        ),
        champion="3",
        champion_since="2026-11-25T18:21:04+00:00",
        decision="promote: rmse 2 beats rmse 3",
        comparison="beats the other",
        previous_champion="2",
        challenged_by="version 4, keep the champion: no better",
        accepted_leakage="tip: known before the trip",
        promotion_paused="until the review",
        importance={"trip_distance": 6.5, "pickup_hour": 0.25},
        importance_of="fare_amount",
        owner="taxi-team",
        git_commit="abc123",
        machinery="1.0.0",
        plots=("explain/importance.png", "explain/residuals.png"),
    )
