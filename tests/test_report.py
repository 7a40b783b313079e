"""The class report: what it counts, what it shows, whom it does not name. One notebook is run for most of it."""

from __future__ import annotations

import base64
import csv
import io
import random
import re
from datetime import datetime
from pathlib import Path

import html5lib
import nbformat
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vaelabs.checks.rubric import Diagnosis, Verdict
from vaelabs.course import Course, CourseError, write_text
from vaelabs.reports import LabMark, Marks, Person, TaskMark, copy_template, make_report
from vaelabs.reports.class_data import ClassData, LabInfo, Outcome, Submission, TaskInfo, read_class
from vaelabs.reports.class_report import gather
from vaelabs.reports.gallery import MAX_THUMBNAIL, SIZE, gallery, thumbnail
from vaelabs.reports.marks import GRADED, NEEDS_MARKING, NEEDS_REVIEW, NOT_HANDED_IN

MISTAKES = [
    Diagnosis("K1", "This is twice the KL: the ½ is missing.", "yours 2, ours 1"),
    Diagnosis("K2", "One number for the batch: use `.sum(-1)`.", "yours (), ours (3,)"),
]


def made_up_marks(course: Course, people: list[Person], seed: int = 0, absent: float = 0.1) -> Marks:
    """A class as grading could have left it: some able, some not, some absent, some for a person to look at."""
    draw = random.Random(seed)
    able = {each.id: draw.betavariate(4, 2) for each in people}
    marks = []
    for lab in course.built_labs():
        tasks = course.tasks(lab)
        hardness = {each.name: draw.uniform(0.2, 0.9) for each in tasks}
        for person in people:
            top = sum(each.points for each in tasks)
            if draw.random() < absent:
                marks.append(LabMark(person, lab, top, NOT_HANDED_IN, f"{person.id} has not handed in {lab}"))
                continue
            found = [_mark(each, able[person.id] > hardness[each.name] + draw.gauss(0, 0.2), draw) for each in tasks]
            open_tasks = {each.manual for each in found if each.points is None}
            status = NEEDS_REVIEW if False in open_tasks else NEEDS_MARKING if open_tasks else GRADED
            reason = f"{person.id}'s cell, by {person.name}, was moved" if status == NEEDS_REVIEW else ""
            late = draw.choice([0, 0, 0, 0, 0, 3700, 90_000.0])
            marks.append(LabMark(person, lab, top, status, reason, tuple(found), datetime(2026, 3, 1), late, 2.0 * bool(late)))
    return Marks(tuple(course.built_labs()), tuple(people), tuple(marks))


def _mark(task, right, draw):
    if task.manual:
        return TaskMark(task.name, task.grade_id, True, task.points, draw.choice([None, task.points]))
    if draw.random() < 0.01:
        verdict = Verdict(task.name, 0.0, task.points, "needs_review", message="a cell was moved")
        return TaskMark(task.name, task.grade_id, False, task.points, None, verdict=verdict)
    status = "graded" if right else draw.choice(["graded", "graded", "graded", "failed", "missing"])
    points = task.points if right else draw.choice([0.0, task.points / 2]) if status == "graded" else 0.0
    named = None if right or status != "graded" or draw.random() < 0.3 else draw.choice([*MISTAKES, MISTAKES[0]])
    verdict = Verdict(task.name, points, task.points, status, diagnosis=named)
    return TaskMark(task.name, task.grade_id, False, task.points, points, points, verdict=verdict)
