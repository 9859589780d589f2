"""Checks whether the version, given only the request columns, gets the same features as in training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import functions as F

from ..evaluation.metrics import as_predictions
from ..feature_store.base import RESULT_TYPES
from ..loading import booleans
from ..training.model_inputs import convert, kinds_of
from .check import Check
from .evidence import Evidence

_ROWS = 200


def _same(left: pd.Series[float], right: pd.Series[float]) -> NDArray[np.bool_]:
    """Return where the values of two columns, shape (rows,), are the same, or both null."""
    if left.dtype.kind == "f":
        return np.isclose(left.to_numpy(), right.to_numpy(), rtol=1e-9, equal_nan=True)
    return np.asarray(((left == right) | (left.isna() & right.isna())).to_numpy(), dtype=np.bool_)


def same_as_in_training(evidence: Evidence) -> Iterator[Check]:
    """Held-out rows get the same features and predictions from the packaged lookups as from the training table."""
    settings = evidence.settings
    key = settings.spine.key
    sample = evidence.all_rows.where(F.col("split") == "holdout").orderBy(F.xxhash64(key), key).limit(_ROWS)
    rows = sample.toPandas().set_index(key)
    # The training table holds booleans as doubles; a request has booleans.
    declared = booleans(evidence.model.metadata.signature)
    request = [F.col(name).cast("boolean") if name in declared else F.col(name) for name in settings.request]
    scored = evidence.store.score_batch(
        evidence.model_uri, sample.select(*request), RESULT_TYPES[settings.problem_type]
    )
    served = scored.toPandas().set_index(key).loc[rows.index]
    features = list(settings.features)
    ours, kinds = rows[features], kinds_of(dict(evidence.all_rows.dtypes))
    theirs = convert(served[features], {name: kinds[name] for name in features})
    same = np.stack([_same(ours[name], theirs[name]) for name in features], axis=1)
    different = [name for name, column in zip(features, same.T, strict=True) if not column.all()]
    predictions = np.stack(served["prediction"].to_list()) if len(served) else np.empty(0)
    equal = np.isclose(as_predictions(predictions), evidence.predict(rows[features]), rtol=1e-9)
    equal = equal.reshape(len(rows), -1).all(axis=1)
    bad = int((~(same.all(axis=1) & equal)).sum())
    which = f", in {', '.join(different)}" if different else ""
    reason = f"{bad} of {len(rows)} rows get other features or predictions in serving than in training{which}"
    yield Check("same as in training", bad == 0, reason, float(bad), "at most 0")
