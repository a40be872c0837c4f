"""What a person is told before they are asked, in one language, and the digest of exactly that text."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

__all__ = ["SECTIONS", "Notice"]

SECTIONS = (
    "who",  # controller and contact: GDPR 13(1)(a); ISO/IEC 29184, 5.3.4
    "purpose",  # PIPA 15(2)1; GDPR 13(1)(c); ISO/IEC 29184, 5.3.2
    "data",  # PIPA 15(2)2; ISO/IEC 29184, 5.3.5 and 5.3.8
    "sensitive",  # PIPA 23(1)1: asked for apart from everything else; GDPR 9(2)(a)
    "retention",  # PIPA 15(2)3; GDPR 13(2)(a); ISO/IEC 29184, 5.3.11
    "recipients",  # PIPA 17(2), 26, 28-8; GDPR 13(1)(e) and (f); ISO/IEC 29184, 5.3.10
    "refusal",  # PIPA 15(2)4 and 22(5): the right to say no, and what follows from it
    "other-way",  # the equal route without a face
    "withdrawal",  # PIPA 37(1); GDPR 7(3) and 13(2)(c)
    "rights",  # PIPA 35, 36, 37 and 37-2; GDPR 13(2)(b) and (d)
)
"""What every notice has to say, in this order; each is a heading ``## Text {#section}``."""

_HEADING = re.compile(r"^(## .*\S)[ \t]*\{#([a-z-]+)\}[ \t]*$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
# Fewer characters than this under a heading is a heading, not an explanation.
_LEAST_CHARACTERS = 15


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in one language. ``text`` is what is shown, in Markdown; ``sections`` what it speaks of."""

    id: str
    version: int
    language: str  # "ko" or "en"
    text: str = field(repr=False)
    sections: tuple[str, ...]

    @classmethod
    def from_markdown(cls, source: str, *, id: str, version: int, language: str) -> Notice:  # noqa: A002 - the field's name
        """Read a notice whose headings carry their section's mark; the marks are not part of the text."""
        found = tuple(match[2] for match in _HEADING.finditer(source) if _says_something(source, match.end()))
        text = _HEADING.sub(lambda match: match[1], source)
        return cls(id=id, version=version, language=language, text=text, sections=found)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text shown, in UTF-8: 32 bytes."""
        return hashlib.sha256(self.text.encode("utf-8")).digest()

    def missing(self) -> list[str]:
        """Return the sections of :data:`SECTIONS` the notice does not explain, in their order."""
        return [section for section in SECTIONS if section not in self.sections]

    def unfilled(self) -> list[str]:
        """Return the places where a value was to be put in and was not."""
        return _PLACEHOLDER.findall(self.text)


def _says_something(source: str, start: int) -> bool:
    following = source.find("\n## ", start)
    body = source[start : following if following >= 0 else len(source)]
    return len("".join(body.split())) >= _LEAST_CHARACTERS
