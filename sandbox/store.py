"""What the sandbox remembers: JSON documents by kind and id in one SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Doc = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS docs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    doc TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS docs_by_age ON docs (kind, seq);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Store:
    """Keep documents across restarts; every call is safe from any thread."""

    def __init__(self, directory: Path | str) -> None:
        """Open (or create) `sandbox.sqlite3` in the directory.

        One connection serves all threads, behind the lock. `synchronous=OFF` survives a killed process;
        only a power cut could lose something, and nothing here is worth an fsync per call.
        """
        Path(directory).mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            Path(directory) / "sandbox.sqlite3", check_same_thread=False, isolation_level=None, timeout=10
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold everybody else off between a read and the write that depends on it (re-entrant)."""
        with self._lock:
            yield

    def put(self, kind: str, key: str, doc: Doc) -> None:
        """Write a document; a known id keeps its place in the order of age."""
        with self._lock:
            self._db.execute(
                "INSERT INTO docs (kind, id, doc) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc",
                (kind, key, json.dumps(doc, ensure_ascii=False)),
            )

    def get(self, kind: str, key: str) -> Doc | None:
        """Return a fresh copy of the document, or None."""
        with self._lock:
            row = self._db.execute("SELECT doc FROM docs WHERE kind = ? AND id = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, newest_first: bool = True, limit: int | None = None) -> list[Doc]:
        """Return the documents of a kind by age of their first writing."""
        return self.find(kind, newest_first=newest_first, limit=limit)

    def find(self, kind: str, *, newest_first: bool = True, limit: int | None = None, **contains: str) -> list[Doc]:
        """Return the documents whose named top-level fields contain the given texts, whatever the case."""
        sql = "SELECT doc FROM docs WHERE kind = ?"
        values: list[str | int] = [kind]
        for field, text in contains.items():
            sql += " AND instr(lower(json_extract(doc, ?)), lower(?)) > 0"
            values += [f"$.{field}", text]
        sql += f" ORDER BY seq {'DESC' if newest_first else 'ASC'} LIMIT ?"
        values.append(-1 if limit is None else limit)
        with self._lock:
            rows = self._db.execute(sql, values).fetchall()
        return [json.loads(row[0]) for row in rows]

    def count(self, kind: str) -> int:
        """Count the documents of a kind."""
        with self._lock:
            row = self._db.execute("SELECT count(*) FROM docs WHERE kind = ?", (kind,)).fetchone()
        return int(row[0])

    def delete(self, kind: str, key: str) -> None:
        """Forget a document; an unknown id is no error."""
        with self._lock:
            self._db.execute("DELETE FROM docs WHERE kind = ? AND id = ?", (kind, key))

    def clear(self) -> None:
        """Forget all documents. Counters go on, so that a number handed out once never comes back."""
        with self._lock:
            self._db.execute("DELETE FROM docs")

    def next_number(self, name: str) -> int:
        """Count up: 1, 2, 3 … per name, never the same twice."""
        with self._lock:
            row = self._db.execute(
                "INSERT INTO counters (name, value) VALUES (?, 1)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (name,),
            ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
