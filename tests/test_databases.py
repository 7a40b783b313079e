"""The gradebook as it is opened: a new one is what nbgrader itself would have made."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sql
from nbgrader import dbutil
from traitlets.config import Config

from vaelabs.course import Course
from vaelabs.databases import open_gradebook

VERSION = sql.text("select version_num from alembic_version")


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request, tmp_path) -> Config:
    """Of a course whose gradebook is not there yet."""
    config = Config()
    config.CourseDirectory.course_id = "vae"
    if request.param == "postgresql":
        config.CourseDirectory.db_url = request.getfixturevalue("postgres")()
    return config


def test_a_new_gradebook_is_of_the_newest_version(config, tmp_path, monkeypatch):
    """Without a start of `alembic`, by which nbgrader asks; opened again it is as it was."""
    monkeypatch.setattr("nbgrader.api.get_alembic_version", None)
    for _ in range(2):
        with open_gradebook(Course(tmp_path), config, make=True) as gradebook:
            [version] = gradebook.db.execute(VERSION).scalars()
            gradebook.update_or_create_student("ada")

    before = set(_revisions().values())
    [newest] = [each for each in _revisions() if each not in before]
    assert version == newest


def test_nbgrader_finds_nothing_to_upgrade(tmp_path):
    """`nbgrader db upgrade` leaves a new gradebook as it is."""
    with open_gradebook(Course(tmp_path), Config(), make=True) as gradebook:
        gradebook.update_or_create_student("ada")
        before = gradebook.db.execute(VERSION).scalars().all()

    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "db", "upgrade"], cwd=tmp_path, capture_output=True, text=True,
        env={"PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path)},
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    with open_gradebook(Course(tmp_path), Config()) as gradebook:
        assert gradebook.db.execute(VERSION).scalars().all() == before
        assert [each.id for each in gradebook.students] == ["ada"]


def _revisions() -> dict[str, str]:
    """Each revision of nbgrader's tables and the one before it, as its files have them."""
    texts = [path.read_text() for path in Path(dbutil.ALEMBIC_DIR, "versions").glob("*.py")]
    lines = [dict(re.findall(r"^(revision|down_revision) = '?(\w+)", text, re.MULTILINE)) for text in texts]
    return {each["revision"]: each["down_revision"] for each in lines}
