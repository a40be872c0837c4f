"""Error versus discard: whether the pictures a quality measure finds worst are those that fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.figure import Figure

from dongui.assessment.error_discard import DiscardCurve, ErrorDiscardAt
from dongui.assessment.report.blocks import Block, Heading, Plot, Table, Text
from dongui.assessment.report.drawing import LINES, STYLE, draw_plot, letters
from dongui.assessment.report.interval_plots import chunked
from dongui.assessment.report.words import Words, percent
from dongui.assessment.result import AssessmentResult
from dongui.biometrics.quality.iso_29794_5.words import words as words_of_measures

__all__ = ["discard_of"]

_CURVES_IN_A_PLOT = 6


def discard_of(result: AssessmentResult, words: Words) -> Iterator[Block]:
    """Yield the section; nothing where the pictures' quality was not measured."""
    if result.error_discard is None:
        return
    yield Heading(3, words("discard"), "discard")
    yield Text(words("discard-text"))
    for at in result.error_discard.at:
        shown = [curve for curve in at.curves if curve.points]
        for number, some in chunked(shown, _CURVES_IN_A_PLOT):
            yield _plot(at, some, f" ({number})" if number else "", words)
        if shown:
            yield _table(at, shown, words)
        else:
            yield Text(words("discard-none", beyond=f"{at.beyond:g}"), note=True)


def _plot(at: ErrorDiscardAt, curves: Sequence[DiscardCurve], part: str, words: Words) -> Plot:
    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for curve, colour, (dash, mark) in zip(curves, LINES, STYLE, strict=False):
            axes.plot(
                [100 * point.discarded for point in curve.points],
                [100 * point.fnmr for point in curve.points],
                color=colour,
                linestyle=dash,
                marker=mark,
                markersize=4.5,
                clip_on=False,
                label=letters(_named(curve.measure, words), room=26),
            )
        axes.set_xlabel(letters(words("discard-x")))
        axes.set_ylabel(letters(words("discard-y")))
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        figure.legend(loc="outside upper left", ncols=3)

    named = ", ".join(_named(curve.measure, words) for curve in curves)
    return draw_plot(
        paint,
        height=3.6,
        caption=words("discard-at", beyond=f"{at.beyond:g}") + part,
        alternative=words("discard-alt", measures=named, beyond=f"{at.beyond:g}"),
        name=f"discard{at.beyond:g}{part}",
    )


def _table(at: ErrorDiscardAt, curves: Sequence[DiscardCurve], words: Words) -> Table:
    rows = tuple(
        (
            _named(curve.measure, words),
            "; ".join(
                f"{percent(point.discarded)}: {percent(point.fnmr)} ({point.missed:,}/{point.comparisons:,})"
                for point in curve.points
            ),
        )
        for curve in curves
    )
    caption = words("table-of", name=words("discard-at", beyond=f"{at.beyond:g}"))
    return Table(caption, (words("measure"), words("discard-points")), rows, figures=False, folded=True)


def _named(measure: str, words: Words) -> str:
    """A measure as `quality show` calls it; by its id where nobody here has named it."""
    said = words_of_measures().get(measure)
    if said is None:
        return measure
    return said.title_ko if words.language == "ko" else said.title
