"""The fixed texts of a page in another language: gettext catalogues, read as translators write them.

locale/<language>/LC_MESSAGES/feedback.po holds one each. English needs none: it stands in the template.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from vaelabs.course import CourseError

ENGLISH = "en"
DOMAIN = "feedback"
LOCALE = Path(__file__).parent / "locale"


def catalogue_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def languages() -> list[str]:
    """The languages that a page can be written in, English first."""
    return [ENGLISH, *sorted(path.parts[-3] for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))]


@cache
def translations(language: str) -> NullTranslations:
    """The texts in a language. Raises CourseError for one that has no catalogue."""
    if language == ENGLISH:
        return NullTranslations()
    if language not in languages():
        raise CourseError(f"There is no page in the language {language!r}.", f"Known: {', '.join(languages())}.")
    with catalogue_file(language).open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


def number(value: float, language: str) -> str:
    """Points as the language writes them, with two decimals at most."""
    return format_decimal(round(value, 2), format="0.##", locale=language)

