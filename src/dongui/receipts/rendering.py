"""A receipt for people: as text, and as one self-contained page that needs no script, font or network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dongui.consent.fields import LANGUAGES
from dongui.receipts.checking import LogEvidence
from dongui.receipts.description import Description, describe_receipt, words
from dongui.receipts.qr import QrCode
from dongui.receipts.statement import Statement

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["render_html", "render_text"]


@dataclass(frozen=True, slots=True)
class _Text:
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class _Code:
    svg: str
    headings: tuple[_Text, ...]
    hints: tuple[_Text, ...]


def render_text(description: Description) -> str:
    """Return a description as plain text, one line a statement, headings underlined."""
    parts = [description.title, "=" * _width(description.title), description.evidence]
    for section in description.sections:
        parts += ["", section.heading, "-" * _width(section.heading)]
        parts += [f"{line.label}: {line.text}" for line in section.lines]
    return "\n".join(parts) + "\n"


def render_html(
    statement: Statement, *, language: str, evidence: LogEvidence | None, code: QrCode | None
) -> str:
    """Return one page in both languages, ``language`` ("ko" or "en") first, with the code if there is one."""
    order = sorted(LANGUAGES, key=lambda other: other != language)
    descriptions = [describe_receipt(statement, language=each, evidence=evidence) for each in order]
    return _template().render(
        descriptions=descriptions,
        languages=" / ".join(order),
        code=None if code is None else _code(code, order),
    )


def _code(code: QrCode, order: list[str]) -> _Code:
    return _Code(
        svg=code.svg(title=words()["code.alternative"][order[0]]),
        headings=tuple(_Text(each, words()["heading.code"][each]) for each in order),
        hints=tuple(_Text(each, words()["code.hint"][each]) for each in order),
    )


@cache
def _template() -> Template:
    # Imported here: most commands that know receipts write no page, and it is a tenth of a second of a start.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dongui.receipts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("receipt.html.j2")


def _width(text: str) -> int:
    """Columns a terminal needs: Hangul syllables take two."""
    return sum(2 if "\u1100" <= character <= "\uffef" else 1 for character in text)
