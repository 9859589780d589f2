"""Writes predictions to an output of the configuration with Spark's own writers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.features import FeatureTable
from ..config.inference import ONLINE_STORE, Output, Secret
from ..errors import ProjectError, first_line

if TYPE_CHECKING:
    from ..platform.base import Platform


@dataclass(frozen=True)
class Destinations:
    """What the outputs of a project need to know of its deployment.

    Attributes:
        platform: Reads secrets, writes feature tables.
        schema: Two-level name of the schema.
        volume: Path of the project's volume.
        key: The column that identifies a row.
        online_store: The online store; empty for none.
        capacity: Its size, used if it has to be created.
    """

    platform: Platform
    schema: str
    volume: str
    key: str
    online_store: str
    capacity: str

    def write(self, name: str, output: Output, rows: DataFrame, run: str) -> None:
        """Write the rows of a run. Writing them again replaces files and published rows, and repeats messages.

        A receiver that must have each row once can use the key, the version and the run, which each row has.

        Raises:
            ProjectError: A secret does not exist, or the writer failed; no secret is in the message.
        """
        rows = rows.select(*output.columns) if output.columns else rows
        secrets: list[str] = []
        options = {key: self._option_text(value, secrets) for key, value in output.options.items()}
        try:
            if output.format == ONLINE_STORE:
                self._publish(name, rows)
            else:
                self._save(output, options, rows, run)
        except ProjectError:
            raise
        except Exception as error:  # noqa: BLE001 - each engine and driver raises errors of its own
            raise ProjectError(_without(secrets, first_line(error))) from None

    def _save(self, output: Output, options: Mapping[str, str], rows: DataFrame, run: str) -> None:
        if output.path is not None:
            folder = output.path if output.path.startswith("/") else f"{self.volume}/{output.path}"
            path = self.platform.volume(f"{folder.rstrip('/')}/scoring_run={run}")
            rows.write.format(output.format).options(**options).mode("overwrite").save(str(path))
            return
        if output.format == "kafka":
            rows = messages(rows, self.key)
        rows.write.format(output.format).options(**options).mode("append").save()

    def _publish(self, name: str, rows: DataFrame) -> None:
        if not self.online_store:
            raise ProjectError("no online store is set: give the variable online_store in databricks.yml a name.")
        store = self.platform.feature_store(self.schema, {name: FeatureTable(keys=(self.key,))})
        store.write_table(name, rows)
        store.publish_table(name, self.online_store, self.capacity)

    def _option_text(self, value: str | float | Secret, secrets: list[str]) -> str:
        if not isinstance(value, Secret):
            return str(value).lower() if isinstance(value, bool) else str(value)
        secrets.append(self.platform.secret(value.scope, value.key))
        return secrets[-1]


def messages(rows: DataFrame, key: str) -> DataFrame:
    """Return rows as messages of Kafka: `key` is the row's key as text, `value` the whole row as JSON."""
    value = F.to_json(F.struct(*rows.columns), {"ignoreNullFields": "false"})
    return rows.select(F.col(key).cast("string").alias("key"), value.alias("value"))


def _without(secrets: list[str], text: str) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]")
    return text
