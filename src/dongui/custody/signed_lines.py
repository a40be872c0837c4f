"""A signed note of named lines and a fixed text beneath: what a person and a program can both read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dongui.errors import Refused
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.note import open_note, sign_note

__all__ = ["HEX16", "HEX32", "MOMENT", "NUMBER", "PARTY", "LinesForm"]

HEX16, HEX32, NUMBER = r"[0-9a-f]{32}", r"[0-9a-f]{64}", r"(?:0|[1-9][0-9]{0,18})"
MOMENT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z"
PARTY = r"[!-~]{1,200}"
"""An id without spaces: a recipient's, a controller's, a recogniser's."""


@dataclass(frozen=True, slots=True)
class LinesForm:
    """One kind of note: its first line, each line's name with what may follow it, and the text beneath."""

    title: str
    lines: Mapping[str, str]
    once: Sequence[str]
    text: str

    def sign(self, lines: Sequence[tuple[str, str]], *, key: SignerKey) -> bytes:
        """Return the signed note. ``ValueError`` for a line that is not of this form."""
        self._require(lines)
        body = "\n".join([self.title, *(f"{name} {value}" for name, value in lines)])
        return sign_note(f"{body}\n\n{self.text}", key=key)

    def open(self, data: bytes, *, key: VerifierKey, failure: str) -> list[tuple[str, str]]:
        """Return the lines of a note that ``key`` signed.

        Raises ``Refused``: ``log.note-*``; ``failure`` for one that was signed and is not of this form.
        """
        head, blank, rest = open_note(data, key=key).partition("\n\n")
        title, *lines = head.split("\n")
        if title != self.title or not blank or rest != self.text:
            raise Refused(failure, f"it is not: {self.title}, lines, an empty line, the fixed text")
        parsed = [(name, value) for name, _, value in (line.partition(" ") for line in lines)]
        try:
            self._require(parsed)
        except ValueError as reason:
            raise Refused(failure, str(reason)) from None
        return parsed

    def _require(self, lines: Sequence[tuple[str, str]]) -> None:
        for number, (name, value) in enumerate(lines, start=2):
            if name not in self.lines or not re.fullmatch(self.lines[name], value, re.ASCII):
                raise ValueError(f"line {number} is not of this form")
        names = [name for name, _ in lines]
        if any(names.count(name) != 1 for name in self.once):
            raise ValueError(f"each of these stands once: {', '.join(self.once)}")
