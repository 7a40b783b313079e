"""The fixed texts of a page in another language: gettext catalogues, read as translators write them.

locale/<language>/LC_MESSAGES/feedback.po holds the page's own. English needs none: it stands in the template.
What checks and intake say is English, unless another .po file in that folder has the sentence: a page looks it up.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
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
    own = catalogue_file(language)
    texts = _compiled(own, language)  # whose rule for plurals counts
    for path in sorted(set(own.parent.glob("*.po")) - {own}):
        texts.merge(_compiled(path, language))
    return texts


def _compiled(path: Path, language: str) -> Translations:
    compiled = BytesIO()
    try:
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    except (OSError, ValueError, PoFileError) as error:
        raise CourseError(f"{path} cannot be read: {error}.") from None
    compiled.seek(0)
    return Translations(compiled)


def number(value: float, language: str) -> str:
    """Points as the language writes them, with two decimals at most."""
    return format_decimal(round(value, 2), format="0.##", locale=language)

