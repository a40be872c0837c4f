"""The table of people who agreed to be measured: one row a picture.

``person`` labels the person, ``file`` names the picture relative to the table, ``consent`` the ground. An
optional ``session`` tells pictures of one sitting from those of another. Every further column groups people
by what they said of themselves; nothing here infers a group, and an empty cell leaves the person out of that
column's groups.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dongui.biometrics.sample import MAX_BYTES
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

__all__ = ["MAX_PICTURES", "PeopleTable", "Row", "read_people_table"]

MAX_PICTURES = 100_000
_MAX_TABLE_BYTES = 64 * 2**20
_MAX_CELL_CHARACTERS = 200
_NEEDED = ("person", "file", "consent")
_SESSION = "session"
_MAX_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One picture. ``number`` is its line, the header being 1: how messages name it, never by its file."""

    number: int
    person: int
    session: str
    consent: str
    file: Path = field(repr=False)

    def read(self) -> SecretBuffer:
        """Read the picture. What is wrong with its file is told without the file's name.

        Raises ``Misuse`` (``assessment.picture-not-readable``) where it is missing, empty, too large or no
        file: that says something about the table, not about a person.
        """
        try:
            return SecretBuffer.read_file(self.file, max_bytes=MAX_BYTES, what="picture")
        except Misuse as failure:
            detail = f"the picture of row {self.number}: {failure.name}"
            raise Misuse("assessment.picture-not-readable", detail) from None


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """Rows in the table's order; people are numbered from 0, their labels are not kept.

    ``columns`` are the names of the grouping columns, ``values`` what each person said, in that order, ""
    where nothing. ``sha256`` is the table's own digest, in hexadecimal.
    """

    rows: tuple[Row, ...] = field(repr=False)
    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...] = field(repr=False)
    sha256: str
    has_sessions: bool

    @property
    def people(self) -> int:
        """How many people the table names."""
        return len(self.values)


def read_people_table(path: Path) -> PeopleTable:
    """Read ``people.csv`` (UTF-8, comma separated, a header).

    Raises ``Misuse``: ``file.*``; ``assessment.table-malformed``, ``.path-outside``, ``.group-differs``,
    ``.too-few-people``.
    """
    with SecretBuffer.read_file(path, max_bytes=_MAX_TABLE_BYTES, what="table of people") as content:
        raw = bytes(content.view)
    header, lines = _parse(raw)
    columns = tuple(name for name in header if name not in (*_NEEDED, _SESSION))
    reading = _Reading(path.parent, columns)
    rows = tuple(reading.row(number, line) for number, line in lines)
    if len(reading.values) < 2:
        found = f"{len(reading.values)} people in {len(rows)} rows; a comparison of two people needs 2"
        raise Misuse("assessment.too-few-people", found)
    reading.require_distinct(rows)
    return PeopleTable(
        rows, columns, tuple(reading.values), hashlib.sha256(raw).hexdigest(), _SESSION in header
    )


def _parse(raw: bytes) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    try:
        text = raw.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise _malformed("it is not comma-separated UTF-8") from None
    if not lines:
        raise _malformed("it is empty")
    header = lines[0]
    _check_header(header)
    found = []
    for number, cells in enumerate(lines[1:], 2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise _malformed(f"row {number} has {len(cells)} cells; the header has {len(header)}")
        if any(len(cell) > _MAX_CELL_CHARACTERS or not cell.isprintable() for cell in cells):
            raise _malformed(f"row {number}: a cell holds what cannot be printed, or over 200 characters")
        found.append((number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    if len(found) > MAX_PICTURES:
        raise _malformed(f"it has {len(found)} pictures; the limit is {MAX_PICTURES}")
    return header, found


def _check_header(header: Sequence[str]) -> None:
    lacking = [name for name in _NEEDED if name not in header]
    if lacking:
        raise _malformed(f"the header lacks {', '.join(lacking)}")
    if len(set(header)) != len(header) or not all(name and name == name.strip() for name in header):
        raise _malformed("the header names a column twice, or not at all")
    extra = len(header) - len(_NEEDED) - (_SESSION in header)
    if extra > _MAX_COLUMNS:
        raise _malformed(f"it has {extra} columns of groups; the limit is {_MAX_COLUMNS}")
    if any(len(name) > _MAX_CELL_CHARACTERS or not name.isprintable() for name in header):
        raise _malformed("the header holds what cannot be printed, or over 200 characters in one name")


class _Reading:
    """Numbers people as they appear and holds each to what their first row says."""

    def __init__(self, folder: Path, columns: tuple[str, ...]) -> None:
        self._folder = folder
        self._columns = columns
        self._numbers: dict[str, int] = {}
        self.values: list[tuple[str, ...]] = []

    def row(self, number: int, line: dict[str, str]) -> Row:
        if not line["person"] or not line["file"]:
            raise _malformed(f"row {number} names no person or no file")
        said = tuple(line[name] for name in self._columns)
        person = self._numbers.setdefault(line["person"], len(self.values))
        if person == len(self.values):
            self.values.append(said)
        for name, one, other in zip(self._columns, said, self.values[person], strict=True):
            if one != other:
                detail = f"row {number}: another row of the same person says otherwise in column {name}"
                raise Misuse("assessment.group-differs", detail)
        return Row(
            number, person, line.get(_SESSION, ""), line["consent"], self._inside(number, line["file"])
        )

    def _inside(self, number: int, name: str) -> Path:
        # A table from elsewhere must not lead to the operator's other pictures.
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or "\\" in name:
            raise Misuse("assessment.path-outside", f"row {number}: file must lie beside the table")
        path = self._folder / parts
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise Misuse("assessment.path-outside", f"row {number}: file leads out of the table's folder")
        return path

    @staticmethod
    def require_distinct(rows: Sequence[Row]) -> None:
        seen: dict[Path, int] = {}
        for row in rows:
            if row.file in seen:
                detail = f"rows {seen[row.file]} and {row.number} name one file"
                raise _malformed(detail)
            seen[row.file] = row.number


def _malformed(detail: str) -> Misuse:
    return Misuse("assessment.table-malformed", detail)
