"""Jobs for the engine that cost nothing: what they leave behind says how often they ran."""

from __future__ import annotations

import os
import signal
import sqlite3


def note(job: tuple[str, str]) -> None:
    """Note the key in a database, at each attempt and once for all; a job called poison takes its worker with it."""
    path, key = job
    with sqlite3.connect(path, timeout=60) as db:
        db.execute("insert into attempts values (?)", (key,))
    if key == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    with sqlite3.connect(path, timeout=60) as db:
        db.execute("insert or ignore into results values (?)", (key,))


def fail(job: object) -> None:
    raise ValueError("no such number\nand more of it")


def nothing(job: object) -> None:
    pass
