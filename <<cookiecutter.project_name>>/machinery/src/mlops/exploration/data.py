"""What is explored: the sources of a project, the rows that it predicts, and the rows that it trains on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..platform.base import Platform
from ..project import Project
from ..sources.sources import Sources
from ..training import training_set
from ..training.model_inputs import KINDS, Kind, convert
from ..validation.origin import Origin

SAMPLE_ROWS = 20_000  # what is fitted or drawn row by row is a sample of at most this many rows


@dataclass(frozen=True)
class Exploration:
    """The data of a project. Nothing here writes: every frame is read, or computed from what is read.

    Attributes:
        project: The project.
        sources: Its source tables.
        spine: The rows to predict, with or without a label.
        rows: The labelled rows with their features and `split`, as `training_set.build` returns them.
        kinds: What each input of the model is: a number, a text or a time.
    """

    project: Project
    sources: Sources
    spine: DataFrame
    rows: DataFrame
    kinds: dict[str, Kind]

    @classmethod
    def of(cls, project: Project, platform: Platform, source_tables: str, schema: str) -> Self:
        """Return the data of a project.

        Args:
            project: The project.
            platform: Where its tables are.
            source_tables: The table of each source, as the bundle variable of this name gives them.
            schema: Two-level name of the schema with the feature tables, which the job `features` has written.

        Raises:
            ProjectError: A table is missing, or as in `training_set.build`.
        """
        config = project.config
        sources = Sources.of(source_tables, config.sources, platform.tables)
        store = platform.feature_store(schema, config.feature_tables)
        built = training_set.build(project, sources, store)
        kinds = {name: KINDS[kind] for name, kind in built.types.items()}
        return cls(project, sources, training_set.spine(project, sources), built.rows, kinds)

    @property
    def settings(self) -> ProjectConfig:
        """The configuration of the project."""
        return self.project.config

    @property
    def origin(self) -> Origin:
        """Where the rows come from, for the checks of target leakage."""
        return Origin(lambda: self.sources, lambda: self.spine, self.project.feature_tables)

    @cached_property
    def held_out_since(self) -> int:
        """The event time of the first held-out row, in microseconds since 1970."""
        micros = F.unix_micros(F.col(self.settings.spine.event_time))
        (earliest,) = self.rows.where(F.col("split") == "holdout").agg(F.min(micros).alias("first")).collect()
        return int(earliest["first"])

    @cached_property
    def sample(self) -> pd.DataFrame:
        """A repeatable sample of at most 20,000 labelled rows with their features and `split`, oldest first."""
        key, time = self.settings.spine.key, self.settings.spine.event_time
        drawn = self.rows.orderBy(F.xxhash64(key), key).limit(SAMPLE_ROWS).toPandas()
        drawn.attrs.clear()  # Spark Connect stores metrics of its plan there
        return convert(drawn.sort_values([time, key], ignore_index=True), self.kinds)

    @property
    def splits(self) -> dict[str, pd.DataFrame]:
        """The rows of the sample by split."""
        return {split: self.sample[self.sample["split"] == split] for split in training_set.SPLITS}

    def inputs(self, kind: Kind) -> list[str]:
        """Return the inputs of the model of one kind, in order."""
        return [name for name, column_kind in self.kinds.items() if column_kind == kind]
