"""The ledger: every result once, whoever graded it and however often.

Grading is done at least once and committed exactly once: a result is inserted under its key and the first one stays.
SQLite serves one machine, PostgreSQL several. A ledger belongs to one course.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sql
from sqlalchemy import Column, DateTime, Float, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import NoSuchModuleError

from vaelabs.checks.rubric import Verdict
from vaelabs.course import CourseError
from vaelabs.databases import shown, told

from .result import Result

SCHEMA = 1
"""Of the tables below; a ledger of a newer vaelabs is not touched."""

PATIENCE = 60
"""Seconds that a write waits for those of others."""

_meta = MetaData()

about = Table("about", _meta, Column("name", String(40), primary_key=True), Column("value", String(200), nullable=False))

results = Table(
    "results",
    _meta,
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("student", String, nullable=False),
    Column("lab", String, nullable=False),
    Column("hashes", sql.JSON, nullable=False),
    Column("isolation", String(40), nullable=False),
    Column("verdicts", sql.JSON, nullable=False),
    Column("reason", String, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("worker", String, nullable=False),
    Column("committed_at", DateTime(timezone=True), nullable=False),
    Column("submission", LargeBinary, nullable=False),
    Column("notebook", LargeBinary),
)

attempts = Table(
    "attempts",
    _meta,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, index=True),
    Column("student", String, nullable=False),
    Column("lab", String, nullable=False),
    Column("worker", String, nullable=False),
    Column("began_at", DateTime(timezone=True), nullable=False),
)

current = Table(
    "current",
    _meta,
    Column("student", String, primary_key=True),
    Column("lab", String, primary_key=True),
    Column("key", String(64), nullable=False),
)

_small = [each for each in results.columns if each.name not in ("submission", "notebook")]


class Ledger:
    """The results at a database URL, as SQLAlchemy writes it; the tables are made when they are not there.

    Every method raises CourseError, in one sentence and without the password, when the database does not serve.
    """

    def __init__(self, url: str):
        with told("The ledger", url):
            self.url = sql.make_url(url)
            if self.url.get_backend_name() not in ("sqlite", "postgresql"):
                raise NoSuchModuleError
            lite = self.url.get_backend_name() == "sqlite"
            if lite and self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            options: dict[str, Any] = {"connect_args": {"timeout": PATIENCE}} if lite else {"pool_pre_ping": True}
            self._engine = sql.create_engine(self.url, **options)
            self._insert = sqlite.insert if lite else postgresql.insert
            if lite:
                sql.event.listen(self._engine, "connect", _prepare_sqlite)
        try:
            self._make_tables()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    def has(self, key: str) -> bool:
        """Whether the result is committed."""
        with self._transaction() as db:
            return db.execute(sql.select(results.c.key).where(results.c.key == key)).first() is not None

    def latest(self, fingerprint: str) -> Result | None:
        """The result of the last attempt at this; None when there was none."""
        chosen = sql.select(*_small).where(results.c.fingerprint == fingerprint).order_by(results.c.attempt.desc())
        with self._transaction() as db:
            row = db.execute(chosen.limit(1)).mappings().first()
        return _result(row) if row else None

    def result(self, key: str) -> Result | None:
        """The result of this key; None when it is not committed."""
        with self._transaction() as db:
            row = db.execute(sql.select(*_small).where(results.c.key == key)).mappings().first()
        return _result(row) if row else None

    def files(self, key: str) -> tuple[bytes, bytes | None]:
        """What was handed in, packed as it was committed, and the autograded notebook. Raises CourseError."""
        chosen = sql.select(results.c.submission, results.c.notebook).where(results.c.key == key)
        with self._transaction() as db:
            row = db.execute(chosen).first()
        if row is None:
            raise CourseError(f"The ledger has no result {key}.")
        return zlib.decompress(row.submission), None if row.notebook is None else zlib.decompress(row.notebook)

    def begin(self, key: str, student: str, lab: str, worker: str) -> None:
        """Note that a worker takes this up."""
        values = {"key": key, "student": student, "lab": lab, "worker": worker, "began_at": datetime.now(UTC)}
        with self._transaction() as db:
            db.execute(attempts.insert().values(values))

    def attempts(self, key: str) -> int:
        """How often this was taken up."""
        with self._transaction() as db:
            return db.execute(sql.select(sql.func.count()).where(attempts.c.key == key)).scalar_one()

    def commit(self, result: Result, fingerprint: str, submission: bytes, notebook: bytes | None) -> bool:
        """Record a result, unless there is one of its key; whether this was the first."""
        values = {
            "key": result.key,
            "fingerprint": fingerprint,
            "attempt": result.attempt,
            "student": result.student,
            "lab": result.lab,
            "hashes": result.hashes,
            "isolation": str(result.isolation),
            "verdicts": [verdict.to_dict() for verdict in result.verdicts],
            "reason": result.reason,
            "seconds": round(result.seconds, 3),
            "worker": result.worker,
            "committed_at": datetime.now(UTC),
            "submission": zlib.compress(submission),
            "notebook": None if notebook is None else zlib.compress(notebook),
        }
        with self._transaction() as db:
            return db.execute(self._insert(results).values(values).on_conflict_do_nothing()).rowcount == 1

    def settled(self) -> list[Result]:
        """What the gradebook holds, by lab and student."""
        chosen = sql.select(*_small).join(current, results.c.key == current.c.key)
        with self._transaction() as db:
            rows = db.execute(chosen.order_by(results.c.lab, results.c.student)).mappings().all()
        return [_result(row) for row in rows]

    def settled_key(self, student: str, lab: str) -> str | None:
        """The key of what the gradebook holds of a submission; None while it holds nothing whole."""
        chosen = sql.select(current.c.key).where(current.c.student == student, current.c.lab == lab)
        with self._transaction() as db:
            return db.execute(chosen).scalar_one_or_none()

    def settle(self, student: str, lab: str, key: str) -> None:
        """The gradebook holds this result, whole."""
        added = self._insert(current).values(student=student, lab=lab, key=key)
        added = added.on_conflict_do_update(index_elements=["student", "lab"], set_={"key": key})
        with self._transaction() as db:
            db.execute(added)

    def unsettle(self, student: str, lab: str) -> None:
        """What the gradebook holds of a submission is about to change."""
        with self._transaction() as db:
            db.execute(current.delete().where(current.c.student == student, current.c.lab == lab))

    def _make_tables(self) -> None:
        with self._transaction() as db:
            known = sql.inspect(db).has_table(about.name)
            version = known and db.execute(sql.select(about.c.value).where(about.c.name == "schema")).scalar_one_or_none()
            if not version:
                _meta.create_all(db)
                db.execute(self._insert(about).values(name="schema", value=str(SCHEMA)).on_conflict_do_nothing())
            elif int(version) > SCHEMA:
                raise CourseError(f"The ledger {shown(self.url)} was written by a newer vaelabs.", "Update vaelabs here.")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        with told("The ledger", self.url), self._engine.begin() as db:
            yield db


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Readers and the writer do not wait for each other; a commit is on the disk before it counts.

    FULL costs a flush for each result, next to seconds of grading. With NORMAL a power cut could take back results
    that the gradebook has already.
    """
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _result(row: Any) -> Result:
    return Result(
        student=row["student"],
        lab=row["lab"],
        verdicts=[Verdict.from_dict(each) for each in row["verdicts"]],
        key=row["key"],
        hashes=row["hashes"],
        isolation=row["isolation"],
        attempt=row["attempt"],
        seconds=row["seconds"],
        reason=row["reason"],
        worker=row["worker"],
        committed_at=row["committed_at"].replace(tzinfo=row["committed_at"].tzinfo or UTC),
    )
