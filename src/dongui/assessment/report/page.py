"""The report as one page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from dongui.assessment.report.blocks import Content, Heading
from dongui.assessment.report.words import Words, legible

__all__ = ["write_page"]


def write_page(content: Content) -> str:
    """Return the HTML."""
    parts = [block for block in content.blocks if isinstance(block, Heading) and block.level == 2]
    return _template().render(content=content, words=Words(content.language), parts=parts)


@cache
def _template() -> Template:
    surroundings = Environment(
        loader=PackageLoader("dongui.assessment.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    surroundings.filters["drawing"] = _drawing
    surroundings.filters["kind"] = lambda block: type(block).__name__
    return surroundings.get_template("page.html.j2")


def _shown(value: object) -> object:
    return legible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _drawing(svg: str) -> Markup:
    """Trust a drawing: it is our own, and its writer has escaped every name in it."""
    return Markup(svg)  # noqa: S704
