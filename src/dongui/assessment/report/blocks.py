"""What a report is made of, whatever it is written as: headings, sentences, tables, plots, terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from dongui.assessment.report.words import Language

__all__ = ["Answer", "Block", "Content", "Heading", "Listing", "Plot", "Table", "Text"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``level`` 2 begins a part, 3 a section of it. ``anchor`` is its id on the page."""

    level: Literal[2, 3]
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    note: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentences to be read if nothing else is; ``good`` where every limit holds.

    Where nothing was judged ``good`` is ``None``, and the sentences are of equal weight.
    """

    verdict: str
    good: bool | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under ``columns``; the first cell of a row names it. ``figures``: the rest are numbers.

    ``folded`` tables are long; the page shows them when they are asked for.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: bool = True
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing as SVG, for the page and for print. ``alternative`` tells it in words."""

    caption: str
    alternative: str
    screen: str
    printed: str


Block: TypeAlias = "Heading | Text | Answer | Listing | Table | Plot"


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report in one language."""

    title: str
    subtitle: str
    language: Language
    made_at: datetime
    blocks: tuple[Block, ...]
