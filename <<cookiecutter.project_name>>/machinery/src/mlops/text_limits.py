"""How long a text may be where it is recorded: a longer one is refused by Databricks, though SQLite takes it."""

from __future__ import annotations

from collections.abc import Iterable

# Tags of Unity Catalog, so also those of models and versions: https://docs.databricks.com/database-objects/tags
REGISTRY_TAG = 1000
# What every MLflow backend takes, by the docstrings of MlflowClient.log_param and set_tag. Its client cuts nothing.
RUN_PARAMETER = 6000
RUN_TAG = 5000
# The column `description` of MLflow's own registry (mlflow.store.model_registry.dbmodels.models).
DESCRIPTION = 5000
_MARK = "…"


def cut(text: str, limit: int) -> str:
    """Return the text, or as much of its beginning as the limit allows, with a mark that shows that it was cut."""
    return text if len(text) <= limit else text[: limit - len(_MARK)] + _MARK


def newest_that_fit(items: Iterable[str], limit: int) -> str:
    """Return the items, separated by commas, without the first ones if all of them are too long."""
    kept = list(items)
    while len(",".join(kept)) > limit:
        kept.pop(0)
    return ",".join(kept)
