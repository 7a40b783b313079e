"""A course's two databases, ledger and gradebook: nbgrader's, opened, and one sentence for what goes wrong with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sql
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from traitlets.config import Config

from .course import Course, CourseError


@contextlib.contextmanager
def open_gradebook(course: Course, config: Config, make: bool = False) -> Iterator[Gradebook]:
    """nbgrader's gradebook, where `config` has it. Raises CourseError when it does not serve.

    Without `make` one that is not there is not made: there is nothing in it to be read.
    """
    directory = CourseDirectory(config=config, root=str(course.root))
    url = directory.db_url
    with told("The gradebook", url):
        file = sql.make_url(url).database if sql.make_url(url).get_backend_name() == "sqlite" else None
        if not make and file and not Path(file).is_file():
            raise CourseError(f"There is no gradebook at {file}.", "Grade the class first: vaelabs grade")
        make_version(url)
        with Gradebook(url, directory.course_id) as gradebook:
            yield gradebook


def make_version(url: str | sql.URL) -> None:
    """Note in an empty database which version of nbgrader's tables it is to hold.

    nbgrader does so itself where this is not done, by starting `alembic`, which takes longer than grading a submission.
    Raises SQLAlchemyError.
    """
    engine = sql.create_engine(url)
    try:
        with engine.begin() as db:
            if not sql.inspect(db).get_table_names():
                from alembic.runtime.migration import MigrationContext
                from alembic.script import ScriptDirectory

                MigrationContext.configure(db).stamp(ScriptDirectory(ALEMBIC_DIR), "head")
    finally:
        engine.dispose()


@contextlib.contextmanager
def told(what: str, url: str | sql.URL) -> Iterator[None]:
    """The errors of a database as CourseErrors: one sentence about `what`, without the password, and the next step."""
    try:
        yield
    except (NoSuchModuleError, ModuleNotFoundError):
        raise CourseError(f"There is no driver for {shown(url)}.", "For PostgreSQL: pip install psycopg2-binary") from None
    except ArgumentError:  # its text has the whole URL, the password with it
        step = "It looks like sqlite:////folder/file.db or postgresql+psycopg2://user@host/name."
        raise CourseError(f"{what}'s URL cannot be read.", step) from None
    except OSError as error:
        raise CourseError(f"{what} {shown(url)} cannot be made: {error.strerror}.") from None
    except SQLAlchemyError as error:
        raise _explained(what, url, error) from None


CAUSES = (
    ("database is locked", "is locked by another program", "End it, or wait for it, then run the command again."),
    ("disk is full", "cannot be written: the disk is full", "Make room, then run the command again."),
    ("disk I/O error", "cannot be written: the disk gives an error or is full", "Make room, then run the command again."),
    ("readonly database", "cannot be written: it is read-only", "Give yourself the right to write it."),
    ("not a database", "is something else, or damaged", "Restore it from a backup, or name another."),
    ("malformed", "is damaged", "Restore it from a backup, or name another."),
    ("password authentication failed", "does not take this user and password", "Name them in the URL or in ~/.pgpass."),
    ("no password supplied", "wants a password", "Name it in the URL or in ~/.pgpass."),
    ("unable to open database file", "cannot be opened", "See to it that the folder exists and that you may write in it."),
    ("could not translate host name", "cannot be reached: there is no such host", "Is the URL right?"),
    ("connection", "cannot be reached", "Is the server running, and is the URL right?"),
)
"""What a database says, what that means, and what to do."""


def _explained(what: str, url: str | sql.URL, error: SQLAlchemyError) -> CourseError:
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    for sign, fact, step in CAUSES:
        if sign in text:
            return CourseError(f"{what} {shown(url)} {fact}.", step)
    first = text.splitlines()[0].rstrip(".") if text else type(error).__name__
    password = sql.make_url(url).password
    return CourseError(f"{what} {shown(url)} does not serve: {first.replace(password, '***') if password else first}.")


def shown(url: str | sql.URL) -> str:
    """The URL as it may be printed."""
    url = sql.make_url(url)
    return url.database or "in memory" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
