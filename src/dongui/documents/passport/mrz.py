"""The machine readable zone: ICAO 9303-3 (common rules), -4 (TD3), -5 (TD1) and -6 (TD2).

Every check digit is checked, the composite one included. Two-digit years are judged from the moment of
reading: nobody is born later than it, and an expiry lies within fifty years of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from dongui.errors import Refused

__all__ = [
    "LAYOUTS",
    "Layout",
    "Mrz",
    "MrzFormat",
    "PartialDate",
    "Sex",
    "check_digit",
    "mrz_information",
    "parse_mrz",
    "require_unexpired",
]

_WEIGHTS = (7, 3, 1)
_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {
    "<": 0
}
_ALPHABET = re.compile(r"[A-Z0-9<]*")
_STATE = re.compile(r"[A-Z]{1,3}<{0,2}")
# West of every time zone: a document is over when its last day is over everywhere.
_LAST_TIME_ZONE = timedelta(hours=12)


class MrzFormat(StrEnum):
    """The three sizes of travel documents that carry a chip."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"


class Sex(StrEnum):
    """As printed; ``UNSPECIFIED`` is the filler."""

    FEMALE = "F"
    MALE = "M"
    UNSPECIFIED = "<"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields of one format stand: (from, to) in the lines put one after another.

    ``composite`` are the stretches under the last check digit; ``optional_check`` is ``None`` where optional
    data has no check digit of its own. ``number_runs_on`` tells whether a document number of more than nine
    characters continues in the optional data.
    """

    lines: tuple[int, int]  # how many, and of how many characters
    first_letters: str
    names: tuple[int, int]
    number: int
    nationality: int
    birth: int
    sex: int
    expiry: int
    optional: tuple[int, int]
    optional_check: int | None
    more: tuple[int, int] | None
    composite: tuple[tuple[int, int], ...]
    composite_check: int
    number_runs_on: bool


LAYOUTS = {
    MrzFormat.TD1: Layout(
        (3, 30), "ACI", (60, 90), 5, 45, 30, 37, 38, (15, 30), None, (48, 59),
        ((5, 30), (30, 37), (38, 45), (48, 59)), 59, True,
    ),
    MrzFormat.TD2: Layout(
        (2, 36), "ACI", (5, 36), 36, 46, 49, 56, 57, (64, 71), None, None,
        ((36, 46), (49, 56), (57, 71)), 71, True,
    ),
    MrzFormat.TD3: Layout(
        (2, 44), "P", (5, 44), 44, 54, 57, 64, 65, (72, 86), 86, None,
        ((44, 54), (57, 64), (65, 87)), 87, False,
    ),
}  # fmt: skip
_FORMATS = {layout.lines[0] * layout.lines[1]: (name, layout) for name, layout in LAYOUTS.items()}


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A birth date; what the issuer did not know is ``None`` (ICAO 9303-3, 4.8)."""

    year: int | None
    month: int | None
    day: int | None

    def __str__(self) -> str:
        """Return "1964-08-12", with a dash for each digit that is not known."""
        year = "----" if self.year is None else f"{self.year:04}"
        parts = ["--" if part is None else f"{part:02}" for part in (self.month, self.day)]
        return "-".join([year, *parts])


@dataclass(frozen=True, slots=True)
class Mrz:
    """A machine readable zone whose check digits hold. ``repr`` shows its format and nothing of the person.

    Names are as in the zone: upper-case A to Z, words apart by spaces, perhaps shortened. ``information`` is
    what a chip's access keys are derived from (ICAO 9303-11, 4.3.2 and 4.4.4.1).
    """

    format: MrzFormat
    document_code: str
    issuing_state: str = field(repr=False)
    document_number: str = field(repr=False)
    surname: str = field(repr=False)
    given_names: str = field(repr=False)
    nationality: str = field(repr=False)
    birth: PartialDate = field(repr=False)
    sex: Sex = field(repr=False)
    expiry: date = field(repr=False)
    optional_data: str = field(repr=False)
    information: bytes = field(repr=False)


def check_digit(text: str) -> str:
    """Return the check digit over ``text``: weights 7, 3, 1; A is 10, filler 0 (ICAO 9303-3, 4.9)."""
    return str(sum(_VALUES[letter] * _WEIGHTS[place % 3] for place, letter in enumerate(text)) % 10)


def mrz_information(document_number: str, birth: str, expiry: str) -> bytes:
    """Return document number, birth and expiry (YYMMDD), each with its check digit, for the access keys.

    The number is padded to nine characters with fillers; a longer one is taken whole. Raises ``Refused``:
    ``passport.mrz-character``, ``passport.mrz-date`` where a date is not six characters.
    """
    number = document_number.upper().replace(" ", "<").replace("-", "<").ljust(9, "<")
    for text in (number, birth, expiry):
        _require_alphabet(text)
    if len(birth) != 6 or len(expiry) != 6:
        raise Refused("passport.mrz-date", "birth and expiry are given as six digits, YYMMDD")
    return "".join(part + check_digit(part) for part in (number, birth, expiry)).encode()


def parse_mrz(text: str, *, at: datetime) -> Mrz:
    """Read a zone: its lines one after another, with or without line breaks between them.

    Raises ``Refused``: ``passport.mrz-length``, ``-character``, ``-document-code``, ``-filler``, ``-names``,
    ``-date``, ``-number-check``, ``-birth-check``, ``-expiry-check``, ``-optional-check``,
    ``-composite-check``.
    """
    zone = text.replace("\r\n", "\n").replace("\n", "")
    if len(zone) not in _FORMATS:
        raise Refused("passport.mrz-length", f"the zone has {len(zone)} characters; 72, 88 or 90 are read")
    _require_alphabet(zone)
    name, layout = _FORMATS[len(zone)]
    code = _document_code(zone, layout)
    number, optional = _number(zone, layout)
    birth, expiry = zone[layout.birth : layout.birth + 6], zone[layout.expiry : layout.expiry + 6]
    _require_checks(zone, layout, birth, expiry)
    surname, given = _names(zone[slice(*layout.names)])
    return Mrz(
        format=name,
        document_code=code,
        issuing_state=_state(zone[2:5]),
        document_number=number,
        surname=surname,
        given_names=given,
        nationality=_state(zone[layout.nationality : layout.nationality + 3]),
        birth=_birth(birth, at),
        sex=_sex(zone[layout.sex]),
        expiry=_expiry(expiry, at),
        optional_data=" ".join(part for part in optional if part),
        information=mrz_information(number, birth, expiry),
    )


def require_unexpired(mrz: Mrz, *, at: datetime) -> None:
    """Raise ``Refused`` ``passport.expired`` once the day of expiry is over in every time zone."""
    if (at.astimezone(UTC) - _LAST_TIME_ZONE).date() > mrz.expiry:
        raise Refused("passport.expired", "the last day of the document's validity is over")


def _require_alphabet(text: str) -> None:
    if not _ALPHABET.fullmatch(text):
        raise Refused("passport.mrz-character", "a character is none of A to Z, 0 to 9 and the filler")


def _require_digit(expected: str, found: str, name: str, what: str) -> None:
    if expected != found:
        raise Refused(name, f"the check digit over {what} does not hold")


def _document_code(zone: str, layout: Layout) -> str:
    code = zone[:2]
    if code[0] not in layout.first_letters or code[1].isdigit():
        raise Refused("passport.mrz-document-code", "the code is none of a document of this size")
    return code.rstrip("<")


def _number(zone: str, layout: Layout) -> tuple[str, tuple[str, ...]]:
    """Return document number and optional data, whether or not the one runs into the other."""
    number, digit = zone[layout.number : layout.number + 9], zone[layout.number + 9]
    optional = zone[slice(*layout.optional)]
    if digit == "<" and layout.number_runs_on:
        # 9303-5, 4.2.4 and 9303-6, 4.2.4: the rest and the check digit stand first in the optional data.
        rest, _, optional = optional.partition("<")
        if len(rest) < 2 or "<" in number:
            raise Refused("passport.mrz-filler", "a long document number has no end, or a gap before it")
        number, digit = number + rest[:-1], rest[-1]
    if number.startswith("<"):
        raise Refused("passport.mrz-filler", "the document number begins with a filler")
    _require_digit(check_digit(number), digit, "passport.mrz-number-check", "the document number")
    more = "" if layout.more is None else zone[slice(*layout.more)]
    return number.rstrip("<"), (optional.strip("<"), more.strip("<"))


def _require_checks(zone: str, layout: Layout, birth: str, expiry: str) -> None:
    _require_digit(check_digit(birth), zone[layout.birth + 6], "passport.mrz-birth-check", "the birth date")
    _require_digit(
        check_digit(expiry), zone[layout.expiry + 6], "passport.mrz-expiry-check", "the expiry date"
    )
    if layout.optional_check is not None:
        optional, digit = zone[slice(*layout.optional)], zone[layout.optional_check]
        # 9303-4, 4.2.2.2: nothing there, and the digit may be left out.
        expected = "<" if digit == "<" and not optional.strip("<") else check_digit(optional)
        _require_digit(expected, digit, "passport.mrz-optional-check", "the optional data")
    composite = "".join(zone[slice(*stretch)] for stretch in layout.composite)
    _require_digit(
        check_digit(composite), zone[layout.composite_check], "passport.mrz-composite-check", "the whole zone"
    )


def _names(names: str) -> tuple[str, str]:
    """Return surname and given names. Three fillers in a row stand at the end alone."""
    written = names.rstrip("<")
    if not written or written.startswith("<") or "<<<" in written or any(map(str.isdigit, written)):
        raise Refused("passport.mrz-names", "the names begin with a filler, have a gap or a digit in them")
    surname, _, given = written.partition("<<")
    return surname.replace("<", " "), " ".join(given.replace("<", " ").split())


def _state(code: str) -> str:
    if not _STATE.fullmatch(code):
        raise Refused("passport.mrz-character", "the code of a state is not letters and then fillers")
    return code.rstrip("<")


def _sex(letter: str) -> Sex:
    if letter not in {"F", "M", "<"}:
        raise Refused("passport.mrz-character", "sex is none of F, M and the filler")
    return Sex(letter)


def _birth(text: str, at: datetime) -> PartialDate:
    """Read a birth date: the last century in which it does not lie after ``at``."""
    year, month, day = (_part(text[start : start + 2]) for start in (0, 2, 4))
    if not (_within(month, 12) and _within(day, 31)):
        raise Refused("passport.mrz-date", "the birth date is no date")
    if year is None:
        return PartialDate(None, month, day)
    today = at.astimezone(UTC).date()
    year += today.year // 100 * 100
    if (year, month or 1, day or 1) > (today.year, today.month, today.day):
        year -= 100
    if month is not None and day is not None:
        _date(year, month, day, "birth")
    return PartialDate(year, month, day)


def _expiry(text: str, at: datetime) -> date:
    """Read an expiry date: the century that puts it at most fifty years from ``at``."""
    year, month, day = (_part(text[start : start + 2]) for start in (0, 2, 4))
    if year is None or month is None or day is None:
        raise Refused("passport.mrz-date", "the expiry date is not whole")
    current = at.astimezone(UTC).year
    return _date(current + (year - current + 50) % 100 - 50, month, day, "expiry")


def _within(part: int | None, last: int) -> bool:
    return part is None or 1 <= part <= last


def _part(text: str) -> int | None:
    """Return a two-digit part of a date; ``None`` for two fillers."""
    if text == "<<":
        return None
    if not text.isdigit():
        raise Refused("passport.mrz-date", "a date holds a letter or half a part")
    return int(text)


def _date(year: int, month: int, day: int, what: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Refused("passport.mrz-date", f"the {what} date is no date") from None
