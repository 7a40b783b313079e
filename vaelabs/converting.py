"""Running nbgrader's own converters: quietly, with a log, and with one sentence when they fail."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from nbgrader.converters import Autograde, BaseConverter
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import setenv
from sqlalchemy.exc import SAWarning
from traitlets.config import Config, PyFileConfigLoader

from .course import Course, CourseError

CODE_STUB = "# @@ COMPLETE @@\nraise NotImplementedError"
TEXT_STUB = "*@@ COMPLETE @@ Double-click here and write your answer in place of this line.*"


def clear_settings() -> Config:
    """What a student finds in the answer cells, and what not in the questions."""
    c = Config()
    c.ClearSolutions.code_stub = {"python": CODE_STUB}
    c.ClearSolutions.text_stub = TEXT_STUB
    # A marking scheme stands at the end of its question, a locked cell, so that the formgrader shows it beside the
    # answer. nbgrader expects it in a "task" cell, which has no answer cell and so no zero for an empty answer.
    c.ClearMarkScheme.enforce_metadata = False
    c.Exporter.optimistic_validation = True  # once, after all steps, and not after each
    return c


def course_config(course: Course, *ours: Config) -> Config:
    """The course's own nbgrader_config.py, where it has one, with `ours` on top.

    Raises CourseError when the file cannot be run.
    """
    config = Config()
    if course.config_file.is_file():
        try:
            config.merge(PyFileConfigLoader(course.config_file.name, path=str(course.root)).load_config())
        except Exception as error:  # the file is Python: it can raise anything
            raise CourseError(f"{course.config_file} cannot be run: {type(error).__name__}: {error}") from None
    for each in (clear_settings(), *ours):
        config.merge(each)
    if course.gradebook_url:
        config.CourseDirectory.db_url = course.gradebook_url
        if not config.CourseDirectory.get("course_id"):  # nbgrader's empty one points to no course, which PostgreSQL minds
            config.CourseDirectory.course_id = "default_course"
    return config


def convert(
    converter: type[BaseConverter], root: Path, config: Config, lab: str, student: str = "*", log: Path | None = None
) -> None:
    """Run one nbgrader converter over one lab of the course at `root`, replacing what it made before.

    What nbgrader has to say goes to the file `log`. Raises CourseError with the last error it logged.
    """
    logger = logging.getLogger(f"vaelabs.nbgrader.{os.getpid()}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    last = _LastError()
    handlers: list[logging.Handler] = [last]
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_LogFile(log, encoding="utf-8"))
        handlers[-1].setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.handlers = handlers
    try:
        with own_programs_on_path(), warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # about nbgrader's own queries
            directory = CourseDirectory(config=config, root=str(root), assignment_id=lab, student_id=student, log=logger)
            converter(coursedir=directory, config=config, force=True, log=logger).start()
    except (NbGraderException, SystemExit) as error:
        raise CourseError(last.text or str(error)) from None
    finally:
        for handler in handlers:
            with contextlib.suppress(OSError):
                handler.close()


class AutogradeInOnePass(Autograde):
    """nbgrader's Autograde, without what lies between its two passes over a notebook.

    To write, validate and read the notebook there takes as long as all steps but the execution.
    """

    def convert_single_notebook(self, notebook_filename: str) -> None:
        where = self.init_single_notebook_resources(notebook_filename)["nbgrader"]
        path = Path(self._format_dest(where["assignment"], where["student"]), Path(notebook_filename).name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook_filename, path)  # it runs beside the lab's files, as in the second pass
        self._sanitizing = False
        self._init_preprocessors()
        try:
            with setenv(NBGRADER_EXECUTION="autograde"):
                super(Autograde, self).convert_single_notebook(str(path))
        finally:
            self._sanitizing = True

    def _init_preprocessors(self) -> None:
        self.exporter._preprocessors = []
        for each in (*self.sanitize_preprocessors, *self.autograde_preprocessors):
            self.exporter.register_preprocessor(each)


class _LogFile(logging.FileHandler):
    """A log that a full disk cuts short in silence: what matters is said elsewhere."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


class _LastError(logging.Handler):
    """Remembers the message that says most: of a traceback its last line."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage().strip()
        if not self.text or "Traceback" in message:
            self.text = message.splitlines()[-1]


@contextlib.contextmanager
def own_programs_on_path() -> Iterator[None]:
    """nbgrader calls `alembic` by name; find the one of this environment though it is not activated."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), before))
    try:
        yield
    finally:
        os.environ["PATH"] = before
