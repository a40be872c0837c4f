"""Score distributions and DET curves of groups, from the coarse bars alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dongui.assessment.det_curve import Bar
from dongui.assessment.report.blocks import Plot
from dongui.assessment.report.drawing import ACCENT, FAINT, LINES, MUTED, STYLE, WARM, draw_plot, letters
from dongui.assessment.report.interval_plots import decades
from dongui.assessment.report.words import Words, in_how_many
from dongui.assessment.result import GroupResult
from dongui.assessment.score_store import Bounds

__all__ = ["LINES_IN_A_PLOT", "PANELS_IN_A_PLOT", "det_plot", "score_plot"]

PANELS_IN_A_PLOT: Final = 12
LINES_IN_A_PLOT: Final = 6
_PANELS_IN_A_ROW: Final = 3
_NAME: Final = 24
_PANEL_INCHES: Final = 1.35


def score_plot(groups: Sequence[GroupResult], bounds: Bounds, words: Words, *, part: str) -> Plot:
    """Draw a panel a group: both histograms as densities, and the band between the bounds."""
    rows = -(-len(groups) // _PANELS_IN_A_ROW)
    end = max(_end(bar) for group in groups for bar in (*group.mated, *group.non_mated) if bar.count)

    def paint(figure: Figure) -> None:
        panels = figure.subplots(rows, _PANELS_IN_A_ROW, sharex=True, squeeze=False).ravel().tolist()
        for axes, group in zip(panels, groups, strict=False):
            _panel(axes, group, bounds, end, words)
        for axes in panels[len(groups) :]:
            axes.set_axis_off()
        for axes in panels[max(0, len(groups) - _PANELS_IN_A_ROW) : len(groups)]:
            axes.set_xlabel(letters(words("distance")))
            axes.tick_params(labelbottom=True)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2)

    named = ", ".join(words.group(group.name) for group in groups)
    return draw_plot(
        paint,
        height=0.7 + _PANEL_INCHES * rows,
        caption=words("scores") + part,
        alternative=words("scores-alt", groups=named),
        name=f"scores{part}",
    )


def _panel(axes: Axes, group: GroupResult, bounds: Bounds, end: float, words: Words) -> None:
    axes.axvspan(bounds.mated_at_most, min(bounds.non_mated_from, end), color=FAINT, alpha=0.6, linewidth=0)
    # Filled and hollow, so that they are told apart without colour, too.
    for bars, colour, filled, said in (
        (group.mated, ACCENT, True, "one-person"),
        (group.non_mated, WARM, False, "two-people"),
    ):
        shown = [bar for bar in bars if bar.count]
        total = sum(bar.count for bar in bars)
        axes.bar(
            [bar.above for bar in shown],
            [bar.count / total / (_end(bar) - bar.above) for bar in shown],
            width=[_end(bar) - bar.above for bar in shown],
            align="edge",
            facecolor=colour if filled else "none",
            edgecolor=colour,
            linewidth=1.1,
            label=letters(words(said)),
        )
    axes.set_title(f"{letters(words.group(group.name), room=_NAME)} ({group.people})")
    axes.set_xlim(0, end)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)


def _end(bar: Bar) -> float:
    return bar.above + 0.05 if bar.up_to is None else bar.up_to


def det_plot(groups: Sequence[GroupResult], words: Words, *, part: str) -> Plot:
    """Draw the groups' curves, zero at the edge of both logarithmic axes."""
    points = [point for group in groups for point in group.det]
    first = decades([value for point in points for value in (point.fmr, point.fnmr)])

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for group, colour, (dash, mark) in zip(groups, LINES, STYLE, strict=False):
            axes.plot(
                [_place(point.fmr, first) for point in group.det],
                [_place(point.fnmr, first) for point in group.det],
                color=colour,
                linestyle=dash,
                marker=mark,
                markersize=4.5,
                clip_on=False,
                label=f"{letters(words.group(group.name), room=_NAME)} ({group.people})",
            )
        _both_axes(axes, first, words)
        figure.legend(loc="outside upper left", ncols=3)

    named = ", ".join(words.group(group.name) for group in groups)
    return draw_plot(
        paint,
        height=4.2,
        caption=words("det") + part,
        alternative=words("det-alt", groups=named),
        name=f"det{part}",
    )


def _place(value: float, first: int) -> float:
    return max(0.0, math.log10(value) - first + 0.6) if value > 0 else 0.0


def _both_axes(axes: Axes, first: int, words: Words) -> None:
    exponents = range(first, 1)
    ticks = [0.0, *(_place(10.0**exponent, first) for exponent in exponents)]
    labels = [words("none-seen"), *(in_how_many(10.0**exponent, words) for exponent in exponents)]
    axes.set_xticks(ticks, [letters(label) for label in labels])
    axes.set_yticks(ticks, [letters(label) for label in labels])
    axes.set_xlim(0, ticks[-1] + 0.02)
    axes.set_ylim(0, ticks[-1] + 0.02)
    axes.set_xlabel(letters(words("det-x")))
    axes.set_ylabel(letters(words("det-y")))
    axes.tick_params(colors=MUTED, labelcolor=LINES[0])
