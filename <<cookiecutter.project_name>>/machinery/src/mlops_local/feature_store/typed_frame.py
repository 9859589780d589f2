"""A frame whose schema is known without asking the engine, which takes a request for each frame that is derived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql.types import StructField, StructType


@dataclass(frozen=True)
class TypedFrame:
    """A frame and its schema.

    Attributes:
        frame: The frame.
        schema: What its columns are.
    """

    frame: DataFrame
    schema: StructType

    @classmethod
    def of(cls, frame: DataFrame) -> TypedFrame:
        """Return a frame with the schema that the engine names, once for each frame object."""
        return cls(frame, frame.schema)

    def only(self, names: Sequence[str]) -> StructType:
        """Return the schema of these columns, each of which may be null."""
        return StructType([StructField(name, self.schema[name].dataType) for name in names])
