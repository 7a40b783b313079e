"""The clinic: training logs with a known mistake each, and the student's list of diagnoses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from vaelabs.subjects import Failure

from .rubric import Broken, Misconception, Rubric, Score

POINTS = 3
BLANKS = ("", "...", "@@ complete @@", "complete", "todo", "?", "none", "a_key_of_the_list")


def check_clinic(
    diagnosis: Any,
    answers: Mapping[str, str],
    choices: Iterable[str] | None = None,
    framework: str | None = None,
    seed: int | None = None,
) -> Score:
    """Grade the dictionary `diagnosis`, letter to mistake, against the key `answers`. 3 points.

    All letters right 3, all but one 2, all but two 1. `choices` is the closed list the student chose from.
    Case, spaces and hyphens do not matter. The feedback names the letters that are wrong, not the right answers.
    """
    if len(answers) < POINTS:
        raise ValueError(f"the clinic needs at least {POINTS} logs, not {len(answers)}")
    key = {_plain(letter): _plain(answer) for letter, answer in answers.items()}
    known = None if choices is None else {_plain(choice) for choice in choices}
    if known is not None and not known >= set(key.values()):
        raise ValueError("an answer of the clinic is not among its choices")
    given = _given(diagnosis)
    rubric = Rubric("clinic", POINTS, seed)
    for allowed in (2, 1, 0):
        wanted = len(key) - allowed
        with rubric.award(f"{wanted} of {len(key)}", 1, f"at least {wanted} of the {len(key)} logs are diagnosed"):
            _check(diagnosis, given, key, wanted)
    rubric.diagnose(_misconceptions(diagnosis, given, key, known))
    return rubric.score()


def _given(diagnosis: Any) -> dict[str, Any]:
    """The student's choices by letter, without the blank ones; empty when it is no dictionary."""
    if not isinstance(diagnosis, Mapping):
        return {}
    try:
        return {_plain(letter): choice for letter, choice in diagnosis.items() if not _blank(choice)}
    except Exception:  # a dictionary of the student's own making
        return {}


def _blank(choice: Any) -> bool:
    return choice is None or choice is ... or (isinstance(choice, str) and _plain(choice) in BLANKS)


def _plain(text: Any) -> str:
    """One spelling: lower case, words joined by single underscores."""
    return "_".join(str(text).strip().strip("\"'`").lower().replace("-", " ").replace("_", " ").split())


def _unanswered(diagnosis: Any, given: dict[str, Any]) -> bool:
    return _blank(diagnosis) or (isinstance(diagnosis, Mapping) and not given)


def _check(diagnosis: Any, given: dict[str, Any], key: dict[str, str], wanted: int) -> None:
    if _unanswered(diagnosis, given):
        raise Failure("unanswered", "`diagnosis` is not filled in yet")
    if not isinstance(diagnosis, Mapping):
        raise Broken(f"`diagnosis` is a {type(diagnosis).__name__}; it must be a dictionary from letters to mistakes")
    wrong = [letter for letter in key if not _is(given.get(letter), key[letter])]
    if len(key) - len(wrong) < wanted:
        raise Broken(f"not right yet: {_letters(wrong)}")


def _is(choice: Any, answer: str) -> bool:
    return isinstance(choice, str) and _plain(choice) == answer


def _letters(letters: Iterable[str]) -> str:
    return ", ".join(sorted(letter.upper() for letter in letters))


def _misconceptions(
    diagnosis: Any, given: dict[str, Any], key: dict[str, str], known: set[str] | None
) -> Iterator[Misconception]:
    if _unanswered(diagnosis, given):
        return
    yield Misconception("C1", "Write a dictionary with one entry for each log.",
                        lambda: _not_a_dictionary(diagnosis))  # fmt: skip
    yield Misconception("C2", "Some logs have no diagnosis.", lambda: _missing(given, key))
    yield Misconception("C3", "One name in quotation marks for each log.", lambda: _not_text(given, key))
    yield Misconception("C4", "Choose from the list; names outside of it cannot be right.",
                        lambda: _outside(given, key, known))  # fmt: skip
    yield Misconception("C5", "No diagnosis fits two logs.", lambda: _repeated(given, key))
    yield Misconception("C6", "Look at these logs again: which column would this mistake move, which one does?",
                        lambda: _letters(each for each in key if not _is(given[each], key[each])))  # fmt: skip


def _not_a_dictionary(diagnosis: Any) -> str | None:
    return None if isinstance(diagnosis, Mapping) else f"yours is a {type(diagnosis).__name__}"


def _missing(given: dict[str, Any], key: dict[str, str]) -> str | None:
    missing = [letter for letter in key if letter not in given]
    return f"nothing stands for {_letters(missing)}" if missing else None


def _not_text(given: dict[str, Any], key: dict[str, str]) -> str | None:
    odd = [letter for letter in key if not isinstance(given[letter], str)]
    return f"{odd[0].upper()} holds a {type(given[odd[0]]).__name__}" if odd else None


def _outside(given: dict[str, Any], key: dict[str, str], known: set[str] | None) -> str | None:
    strange = [letter for letter in key if known is not None and _plain(given[letter]) not in known]
    if not strange:
        return None
    choice = given[strange[0]]
    near = get_close_matches(_plain(choice), sorted(known or ()), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{strange[0].upper()}: {choice[:60]!r} is not one of the list{hint}"


def _repeated(given: dict[str, Any], key: dict[str, str]) -> str | None:
    choices = [_plain(given[letter]) for letter in key]
    twice = [letter for letter in key if choices.count(_plain(given[letter])) > 1]
    return f"{_letters(twice)} have the same" if twice and len(set(key.values())) == len(key) else None
