"""The local counterpart of an online store: the newest row of each key of a feature table, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError
from mlops.feature_store.base import Published

Row = Sequence[Any]

# The Spark types that a model can look up, as SQLite stores them: times are microseconds and dates days since 1970.
TYPES: Mapping[str, str] = {
    "string": "TEXT",
    "boolean": "INTEGER",
    "smallint": "INTEGER",
    "int": "INTEGER",
    "bigint": "INTEGER",
    "float": "REAL",
    "double": "REAL",
    "timestamp": "INTEGER",
    "date": "INTEGER",
}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - functions get times in UTC without a time zone
_FIRST_DAY = date(1970, 1, 1).toordinal()
_WAIT_SECONDS = 60.0
_CREATE = (
    "CREATE TABLE IF NOT EXISTS published (name TEXT PRIMARY KEY, online_store TEXT, version TEXT, ended TEXT, "
    "types TEXT, keys TEXT)"
)


@dataclass(frozen=True)
class _Facts:
    """What is known of a published table; the times are in ISO 8601."""

    online_store: str
    version: str
    ended: str
    types: Mapping[str, str]
    keys: Sequence[str]

    def key_values(self, key: Row) -> list[Any]:
        """Return the values of a key as SQLite stores them."""
        return [_to_sqlite(value, self.types[name]) for value, name in zip(key, self.keys, strict=True)]


@dataclass(frozen=True)
class OnlineStore:
    """The published feature tables of all schemas.

    Attributes:
        folder: The folder of the tables: those of a schema are published to `folder/catalog/schema/online.db`.
    """

    folder: Path

    def publish(
        self, name: str, to: tuple[str, str], types: Mapping[str, str], keys: Sequence[str], rows: Iterable[Row]
    ) -> None:
        """Replace what is published of a feature table, in one transaction: readers see the old rows until then.

        Args:
            name: The three-level name of the feature table.
            to: The online store, and the version of the feature table that the rows come from.
            types: The Spark types of the columns, all in `TYPES`.
            keys: The columns that identify a row.
            rows: One row for each key, as SQLite stores them, in the order of `types`.
        """
        columns = ", ".join(f"{_quote(column)} {TYPES[kind]}" for column, kind in types.items())
        primary = ", ".join(map(_quote, keys))
        self._file(name).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._file(name), timeout=_WAIT_SECONDS, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
            with _transaction(database):
                database.execute(_CREATE)
                database.execute(f"DROP TABLE IF EXISTS {_table(name)}")
                database.execute(f"CREATE TABLE {_table(name)} ({columns}, PRIMARY KEY ({primary})) WITHOUT ROWID")
                places = ", ".join("?" * len(types))
                database.executemany(f"INSERT INTO {_table(name)} VALUES ({places})", rows)  # noqa: S608 - a quoted name
                facts = (name, *to, datetime.now(UTC).isoformat(), json.dumps(dict(types)), json.dumps(list(keys)))
                database.execute("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?)", facts)

    def publication(self, name: str, online_store: str, version: str) -> Published | None:
        """Return what a store has of a feature table, which now has this version; None if it is not published there."""
        with self._open(name) as database:
            facts = _facts(database, name)
        if facts is None or facts.online_store != online_store:
            return None
        same = facts.version == version
        detail = f"version {facts.version} of the feature table" + ("" if same else f", which now has {version}")
        return Published(f"{name}_online", datetime.fromisoformat(facts.ended), same, detail)

    def look_up(self, name: str, keys: Sequence[Row], features: Sequence[str]) -> list[Row]:
        """Return the features of each key, None where there is no such key.

        Args:
            name: The three-level name of the feature table.
            keys: The values of the keys, in the table's order; times are in UTC, without a time zone.
            features: The columns to return.

        Raises:
            ProjectError: The table is not published, or it was published without one of the columns.
        """
        with self._open(name) as database:
            database.execute("BEGIN")  # a table that is published meanwhile is not seen
            facts = _require_features(_facts(database, name), name, features)
            where = " AND ".join(f"{_quote(key)} = ?" for key in facts.keys)
            query = f"SELECT {', '.join(map(_quote, features))} FROM {_table(name)} WHERE {where}"  # noqa: S608 - quoted
            rows = [database.execute(query, facts.key_values(key)).fetchone() for key in keys]
        nothing, kinds = (None,) * len(features), [facts.types[feature] for feature in features]
        return [[_from_sqlite(value, kind) for value, kind in zip(row or nothing, kinds, strict=True)] for row in rows]

    @contextmanager
    def _open(self, name: str) -> Iterator[sqlite3.Connection]:
        """Open the database of a table's schema, or an empty one if nothing of the schema was ever published."""
        file = self._file(name)
        where = f"{file.resolve().as_uri()}?mode=rw" if file.exists() else ":memory:"
        with closing(sqlite3.connect(where, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)) as database:
            yield database

    def _file(self, name: str) -> Path:
        catalog, schema, _ = name.split(".")
        return self.folder / catalog / schema / "online.db"


def _facts(database: sqlite3.Connection, name: str) -> _Facts | None:
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'published'").fetchone():
        return None
    row = database.execute("SELECT * FROM published WHERE name = ?", [name]).fetchone()
    if row is None:
        return None
    _, online_store, version, ended, types, keys = row
    return _Facts(online_store, version, ended, json.loads(types), json.loads(keys))


def _require_features(facts: _Facts | None, name: str, features: Sequence[str]) -> _Facts:
    if facts is None:
        raise ProjectError(
            f"feature table {name} is not published to an online store: set the variable online_store, and run "
            "the features job."
        )
    if lacking := [feature for feature in features if feature not in facts.types]:
        missing = ", ".join(lacking)
        raise ProjectError(f"feature table {name} was published without {missing}: run the features job.")
    return facts


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _table(name: str) -> str:
    return _quote(f"rows of {name.rpartition('.')[2]}")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _to_sqlite(value: Any, kind: str) -> Any:  # noqa: ANN401 - a value of any type
    """Return the value of a key as SQLite stores it."""
    if value is None:
        return None
    if kind == "timestamp":
        return (value - _EPOCH) // timedelta(microseconds=1)
    if kind == "date":
        return value.toordinal() - _FIRST_DAY
    return int(value) if TYPES[kind] == "INTEGER" else value


def _from_sqlite(value: Any, kind: str) -> Any:  # noqa: ANN401 - likewise
    if value is None:
        return None
    if kind == "timestamp":
        return _EPOCH + timedelta(microseconds=value)
    if kind == "date":
        return date.fromordinal(_FIRST_DAY + value)
    return bool(value) if kind == "boolean" else value
