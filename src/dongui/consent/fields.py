"""Reading tables of text, numbers and lists whose fields are all accounted for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from dongui.errors import DonguiError

__all__ = ["LANGUAGES", "Localised", "Table"]

LANGUAGES = ("ko", "en")
"""The languages every text for a person is written in."""


@dataclass(frozen=True, slots=True)
class Localised:
    """One text in Korean and in English, each possibly empty until it has been judged."""

    ko: str
    en: str

    def __getitem__(self, language: str) -> str:
        """Return the text in ``language``, "ko" or "en"; ``KeyError`` for any other."""
        if language not in LANGUAGES:
            raise KeyError(language)
        return self.ko if language == "ko" else self.en

    def missing(self) -> list[str]:
        """Return the languages in which nothing is said."""
        return [language for language in LANGUAGES if not self[language].strip()]


class Table:
    """A mapping being read: every field by its type, and in the end no field left over.

    ``fault`` makes the failure from a sentence that names the field; it is raised for a field that is
    missing, of another type, or unknown (:meth:`end`).
    """

    def __init__(self, content: object, where: str, fault: Callable[[str], DonguiError]) -> None:
        self._where = where
        self._fault = fault
        if not isinstance(content, Mapping):
            self._wrong("", "a table")
        self._content: dict[object, object] = dict(content)

    def _wrong(self, key: str, expected: str) -> NoReturn:
        raise self._fault(f"{self._where}{key} must be {expected}")

    def has(self, key: str) -> bool:
        """Tell whether the field is there and not yet read."""
        return key in self._content

    def text(self, key: str) -> str:
        """Return a text of at least one character."""
        value = self._content.pop(key, None)
        if not isinstance(value, str) or not value.strip():
            self._wrong(key, "a text that is not empty")
        return value

    def optional_text(self, key: str) -> str:
        """Return a text, or "" where the field is absent."""
        return self.text(key) if self.has(key) else ""

    def integer(self, key: str, *, least: int, most: int) -> int:
        """Return an integer, ``least <= value <= most``."""
        value = self._content.pop(key, None)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._wrong(key, f"an integer from {least} to {most}")
        return value

    def boolean(self, key: str) -> bool:
        """Return true or false."""
        value = self._content.pop(key, None)
        if not isinstance(value, bool):
            self._wrong(key, "true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; an absent field is an empty list."""
        value = self._content.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self._wrong(key, "a list of texts")
        return tuple(value)

    def table(self, key: str) -> Table:
        """Return a nested table."""
        return Table(self._content.pop(key, None), f"{self._where}{key}.", self._fault)

    def optional_table(self, key: str) -> Table | None:
        """Return a nested table, or None where the field is absent."""
        return self.table(key) if self.has(key) else None

    def tables(self, key: str) -> list[Table]:
        """Return a list of tables; an absent field is an empty list."""
        value = self._content.pop(key, [])
        if not isinstance(value, list):
            self._wrong(key, "a list of tables")
        return [Table(item, f"{self._where}{key}[{index}].", self._fault) for index, item in enumerate(value)]

    def value(self, key: str) -> object:
        """Return whatever stands there, to be judged by whoever reads it; None where the field is absent."""
        return self._content.pop(key, None)

    def values(self, key: str) -> list[object]:
        """Return a list of whatever, to be judged likewise."""
        value = self._content.pop(key, None)
        if not isinstance(value, list):
            self._wrong(key, "a list")
        return value

    def localised(self, key: str) -> Localised:
        """Return a text in both languages; what is absent is empty."""
        table = self.optional_table(key)
        if table is None:
            return Localised(ko="", en="")
        found = Localised(ko=table.optional_text("ko"), en=table.optional_text("en"))
        table.end()
        return found

    def end(self) -> None:
        """Refuse what was not read: a field nobody looks at would be a promise nobody keeps."""
        if self._content:
            names = ", ".join(sorted(f"{self._where}{key}" for key in self._content))
            raise self._fault(f"unknown fields: {names}")
