"""What outlives the gateway: endpoints, the entities that were ever served, and payloads that are not delivered yet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WAIT_SECONDS = 60.0
_TABLES = (
    "CREATE TABLE IF NOT EXISTS endpoints (name TEXT PRIMARY KEY, document TEXT)",
    "CREATE TABLE IF NOT EXISTS entities (id TEXT PRIMARY KEY, version TEXT)",
    "CREATE TABLE IF NOT EXISTS payload (number INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT, facts TEXT)",
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """A SQLite database, which the gateway writes and runs on the same machine read.

    Attributes:
        folder: The folder of the gateway, which exists if the gateway has ever run.
    """

    folder: Path

    def create(self) -> None:
        """Create the database unless it exists."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
            for statement in _TABLES:
                database.execute(statement)

    def endpoints(self) -> list[dict[str, Any]]:
        """Return the endpoints, in the order of their names."""
        return [json.loads(text) for (text,) in self._read("SELECT document FROM endpoints ORDER BY name")]

    def save(self, endpoint: Row) -> None:
        """Save an endpoint, and remember the entities that it has."""
        with self._open() as database:
            document = (endpoint["name"], json.dumps(endpoint))
            database.execute("INSERT OR REPLACE INTO endpoints VALUES (?, ?)", document)
            for config in (endpoint.get("config") or {}, endpoint.get("pending_config") or {}):
                entities = [
                    (entity["served_entity_id"], entity["entity_version"])
                    for entity in config.get("served_entities", [])
                ]
                database.executemany("INSERT OR IGNORE INTO entities VALUES (?, ?)", entities)

    def forget(self, name: str) -> None:
        """Delete an endpoint; the entities that it served stay known, because payloads refer to them."""
        with self._open() as database:
            database.execute("DELETE FROM endpoints WHERE name = ?", [name])

    def served_entities(self) -> list[tuple[str, str]]:
        """Return the id and the model version of each entity that was ever served."""
        return self._read("SELECT id, version FROM entities ORDER BY id")

    def log(self, table: str, row: Row) -> None:
        """Keep a row of a payload table until it is delivered."""
        with self._open() as database:
            database.execute("INSERT INTO payload (target, facts) VALUES (?, ?)", [table, json.dumps(row)])

    def undelivered_rows(self) -> dict[str, list[tuple[int, Row]]]:
        """Return the rows that were not delivered yet, each with its number, by their table."""
        by_table: dict[str, list[tuple[int, Row]]] = {}
        for number, table, row in self._read("SELECT number, target, facts FROM payload ORDER BY number"):
            by_table.setdefault(table, []).append((number, json.loads(row)))
        return by_table

    def delivered(self, numbers: Sequence[int]) -> None:
        """Forget rows that are in their table."""
        with self._open() as database:
            database.executemany("DELETE FROM payload WHERE number = ?", [(number,) for number in numbers])

    def log_file(self, served_entity_id: str) -> Path:
        """Return the file that the scoring server of an entity writes its log to."""
        return self.folder / "logs" / f"{served_entity_id}.log"

    def log_of(self, served_entity_id: str) -> str:
        """Return the log of the scoring server of an entity."""
        file = self.log_file(served_entity_id)
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    @property
    def _file(self) -> Path:
        return self.folder / "state.db"

    def _read(self, query: str) -> list[Any]:
        if not self._file.exists():
            return []
        with self._open() as database:
            return database.execute(query).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the database, and commit at the end."""
        with closing(sqlite3.connect(self._file, timeout=_WAIT_SECONDS)) as database, database:
            database.execute("PRAGMA synchronous = NORMAL")
            yield database
