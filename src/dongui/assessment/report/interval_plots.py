"""Rates as bars: the interval to answer for, what was seen, and the narrower intervals beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dongui.assessment.report.blocks import Plot
from dongui.assessment.report.drawing import ACCENT, INK, MUTED, SOFT, WARM, draw_plot, letters
from dongui.assessment.report.words import Words, in_how_many, share

__all__ = ["Bars", "Row", "chunked", "decades", "interval_plot", "pair_plot", "share_plot"]

_ROWS_IN_A_PLOT: Final = 20
_LABEL: Final = 26
_ROW_INCHES: Final = 0.34
_AROUND_INCHES: Final = 1.25
_LOWEST_DECADE: Final = -7

_T = TypeVar("_T")
Ends: TypeAlias = tuple[float, float, float]
"""A rate seen, and the lower and upper end of its interval."""


@dataclass(frozen=True, slots=True)
class Row:
    """One bar: ``label``, the rate seen, the interval to answer for, and the thinner ones."""

    label: str
    value: float
    governing: tuple[float, float]
    comparisons: tuple[float, float] | None = None
    bootstrap: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """What a plot of bars says; ``limit`` is drawn as a line."""

    rows: Sequence[Row]
    caption: str
    alternative: str
    limit: float | None


def chunked(items: Sequence[_T], size: int = _ROWS_IN_A_PLOT) -> Iterator[tuple[str, Sequence[_T]]]:
    """Yield items by ``size``, each part with "2/3" where there are several."""
    parts = [items[begin : begin + size] for begin in range(0, len(items), size)]
    for number, part in enumerate(parts, 1):
        yield (f"{number}/{len(parts)}" if len(parts) > 1 else ""), part


def decades(values: Sequence[float]) -> int:
    """Return the exponent at which a logarithmic axis begins: below every value that is not zero."""
    positive = [value for value in values if value > 0]
    lowest = min(positive, default=0.01)
    return max(_LOWEST_DECADE, min(-3, math.floor(math.log10(lowest))))


def interval_plot(bars: Bars, words: Words, *, name: str) -> Plot:
    """Draw rates on a logarithmic axis whose left edge is zero."""
    ends = [end for row in bars.rows for end in (row.value, row.governing[1])]
    first = decades([*ends, bars.limit or 1.0])

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for place, row in enumerate(bars.rows):
            _row(axes, place, row, first)
        _rows_axis(axes, [row.label for row in bars.rows])
        _log_axis(axes, first, words)
        if bars.limit is not None:
            _limit(axes, bars.limit, words)
        _legend(axes, words)

    height = _AROUND_INCHES + _ROW_INCHES * len(bars.rows)
    return draw_plot(paint, height=height, caption=bars.caption, alternative=bars.alternative, name=name)


def share_plot(
    series: Sequence[tuple[str, Sequence[Row]]], *, caption: str, alternative: str, name: str
) -> Plot:
    """Draw two series of shares, a pair of bars a row, on a linear axis."""
    count = max(len(rows) for _, rows in series)
    thick = 0.36

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, ((said, rows), colour) in enumerate(zip(series, (ACCENT, WARM), strict=False)):
            places = [place + (number - (len(series) - 1) / 2) * thick for place in range(len(rows))]
            axes.barh(
                places, [row.value for row in rows], height=thick * 0.9, color=colour, label=letters(said)
            )
            for place, row in zip(places, rows, strict=True):
                axes.plot(row.governing, (place, place), color=MUTED, linewidth=1.2, marker="|", markersize=5)
        _rows_axis(axes, [row.label for row in series[0][1]])
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"])
        if any(said for said, _ in series):
            axes.figure.legend(loc="outside upper left", ncols=2)

    height = _AROUND_INCHES + 0.42 * count
    return draw_plot(paint, height=height, caption=caption, alternative=alternative, name=name)


def pair_plot(
    rows: Sequence[tuple[str, tuple[Ends, Ends]]], *, caption: str, alternative: str, words: Words, name: str
) -> Plot:
    """Draw A and B, two bars a row, on a logarithmic axis whose left edge is zero."""
    first = decades([end for _, both in rows for value, _, high in both for end in (value, high)])

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, (said, colour, mark) in enumerate((("A", ACCENT, "o"), ("B", WARM, "s"))):
            for place, (_, both) in enumerate(rows):
                value, low, high = (_on_axis(end, first) for end in both[number])
                across = (place + (number - 0.5) * 0.34,) * 2
                axes.plot((low, high), across, color=colour, linewidth=4.5, alpha=0.45, solid_capstyle="butt")
                axes.plot(value, across[0], mark, color=colour, markersize=5, clip_on=False, zorder=5)
            axes.plot([], [], mark, linestyle="-", linewidth=3, color=colour, markersize=5, label=said)
        _rows_axis(axes, [label for label, _ in rows])
        _log_axis(axes, first, words)
        figure.legend(loc="outside upper left", ncols=2)

    height = _AROUND_INCHES + 0.42 * len(rows)
    return draw_plot(paint, height=height, caption=caption, alternative=alternative, name=name)


def _row(axes: Axes, place: int, row: Row, first: int) -> None:
    low, high = (_on_axis(end, first) for end in row.governing)
    axes.barh(place, high - low, left=low, height=0.42, color=SOFT, edgecolor=ACCENT, linewidth=0.8)
    for interval, shift, colour in ((row.comparisons, -0.34, MUTED), (row.bootstrap, 0.34, WARM)):
        if interval is not None:
            ends = [_on_axis(end, first) for end in interval]
            axes.plot(ends, (place + shift,) * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.plot(_on_axis(row.value, first), place, "o", color=INK, markersize=5, clip_on=False, zorder=5)


def _on_axis(value: float, first: int) -> float:
    """Decades from the left edge; zero, and what is below the first decade, is at the edge."""
    return max(0.0, math.log10(value) - first + 0.6) if value > 0 else 0.0


def _log_axis(axes: Axes, first: int, words: Words) -> None:
    exponents = range(first, 1)
    ticks = [0.0, *(_on_axis(10.0**exponent, first) for exponent in exponents)]
    labels = [words("none-seen"), *(in_how_many(10.0**exponent, words) for exponent in exponents)]
    axes.set_xticks(ticks, [letters(label) for label in labels])
    axes.set_xlim(0, ticks[-1] + 0.02)


def _rows_axis(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), [_label(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, pad=8)


def _label(text: str) -> str:
    """A name and, behind it, its size in brackets, which stays where the name is cut."""
    name, opened, size = text.rpartition(" (")
    return letters(name, room=_LABEL) + opened + size if opened else letters(text, room=_LABEL)


def _limit(axes: Axes, limit: float, words: Words) -> None:
    ticks = axes.get_xticks()
    first = -(len(ticks) - 2)
    axes.axvline(_on_axis(limit, first), color=WARM, linestyle="--", linewidth=1.2)
    said = letters(words("limit-line", limit=share(limit)))
    top = axes.get_ylim()[1]
    axes.text(_on_axis(limit, first), top, said, color=WARM, ha="center", va="bottom", fontsize=8.5)


def _legend(axes: Axes, words: Words) -> None:
    axes.barh([-9], [0], color=SOFT, edgecolor=ACCENT, label=letters(words("legend-governing")))
    axes.plot([], [], "o", color=INK, markersize=5, label=letters(words("legend-seen")))
    axes.plot([], [], color=MUTED, linewidth=2.2, label=letters(words("legend-comparisons")))
    axes.plot([], [], color=WARM, linewidth=2.2, label=letters(words("legend-bootstrap")))
    axes.figure.legend(loc="outside lower left", ncols=4)
