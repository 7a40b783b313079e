"""nbgrader's configuration for autograding with verdicts."""

from __future__ import annotations

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    OverwriteKernelspec,
)
from traitlets.config import Config

from .execute import Execute
from .preprocessors import ClearOutput, DeduplicateIds, MakeVerdicts, OverwriteCells, SaveAutoGrades


def autograde_settings() -> Config:
    """Our preprocessors in nbgrader's own order; a course's nbgrader_config.py merges them in."""
    c = Config()
    c.Autograde.sanitize_preprocessors = [
        ClearOutput,
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    c.Autograde.autograde_preprocessors = [
        Execute,
        IgnorePattern,
        ClearMetadataPreprocessor,
        MakeVerdicts,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    return c
