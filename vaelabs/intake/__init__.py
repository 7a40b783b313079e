"""From what students handed in, wherever and however, to submissions that can be graded.

`collect` brings exports of learning management systems to submitted/; `repair` puts a notebook's cells in order;
`check` says of one file what these two would do, and which visible checks fail; `notes` is what was repaired and what
a person must decide in a submission that `collect` made; `left_to_do` and `late_submissions` tell the same of a class;
`label_of` is what a system takes a student's page back by; `enter_names` and `enter_due_date` tell the gradebook
what a roster and `--due` say.
"""

from .archive import Limits
from .check import Checked, check
from .collect import Intake, Row, collect, label_of, left_to_do, notes
from .exports import moment
from .gradebook import enter_due_date, enter_names
from .history import Published, late_submissions
from .repair import Change, Doubt, Repaired, repair
from .roster import Roster, read_roster

__all__ = [
    "Change",
    "Checked",
    "Doubt",
    "Intake",
    "Limits",
    "Published",
    "Repaired",
    "Roster",
    "Row",
    "check",
    "collect",
    "enter_due_date",
    "enter_names",
    "label_of",
    "late_submissions",
    "left_to_do",
    "moment",
    "notes",
    "read_roster",
    "repair",
]
