"""What was measured: each figure as a plot, and beside it the table it was drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dongui.assessment.det_curve import Bar
from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.report.blocks import Block, Heading, Table, Text
from dongui.assessment.report.interval_plots import Bars, Row, chunked, interval_plot, share_plot
from dongui.assessment.report.score_plots import LINES_IN_A_PLOT, PANELS_IN_A_PLOT, det_plot, score_plot
from dongui.assessment.report.words import Words, percent
from dongui.assessment.report.worst import Worst, most_seen
from dongui.assessment.result import AssessmentResult, GroupResult

__all__ = ["figures_of", "interval_cell", "labelled", "rate_row"]


def figures_of(result: AssessmentResult, words: Words) -> Iterator[Block]:
    """Yield the part on what was measured, attacks apart."""
    yield Heading(2, words("measured"), "measured")
    yield from _rates(result, Kind.FMR, result.max_fmr, words)
    yield from _rates(result, Kind.FNMR, result.max_fnmr, words)
    yield from _undetermined(result, words)
    yield from _acquired(result, words)
    yield from _scores(result, words)
    yield from _det(result, words)


def labelled(group: GroupResult, words: Words) -> str:
    """Return a group's name with its size."""
    return f"{words.group(group.name)} ({group.people:,})"


def rate_row(label: str, rate: Rate) -> Row:
    """Return a rate as a bar with its three intervals."""
    ends = (rate.governing.low, rate.governing.high)
    return Row(label, rate.value, ends, rate.comparisons, rate.bootstrap)


def interval_cell(low: float, high: float) -> str:
    """Return an interval in percent."""
    return f"{percent(low)} – {percent(high)}"


def part_of(number: str) -> str:
    """Return what a caption adds where a plot is one of several."""
    return f" ({number})" if number else ""


def _rates(result: AssessmentResult, kind: Kind, limit: float, words: Words) -> Iterator[Block]:
    name = kind.value
    yield Heading(3, words(name), name)
    yield Text(words(f"{name}-text"))
    shown = [Worst(group, group.rates[kind]) for group in result.groups if kind in group.rates]
    for number, some in chunked(shown):
        bars = Bars(
            [rate_row(labelled(one.group, words), one.rate) for one in some],
            words(name) + part_of(number),
            _alternative(some, name, words),
            limit,
        )
        yield interval_plot(bars, words, name=f"{name}{number}")
    yield _rate_table(result, kind, words)


def _alternative(some: Sequence[Worst], name: str, words: Words) -> str:
    ordered = sorted(some, key=lambda one: one.rate.governing.high)
    best, worst = ordered[0], ordered[-1]
    return words(
        "intervals-alt",
        what=words(name),
        worst=words.group(worst.group.name),
        high=percent(worst.rate.governing.high),
        best=words.group(best.group.name),
        low=percent(best.rate.governing.high),
    )


def _rate_table(result: AssessmentResult, kind: Kind, words: Words) -> Table:
    columns = ("group", "people", "errors", "of", "rate", "interval", "governed-by")
    rows = []
    for group in result.groups:
        first, rate = (words.group(group.name), f"{group.people:,}"), group.rates.get(kind)
        rows.append((*first, *(_cells(rate, words) if rate else (words("not-given"),) + ("",) * 4)))
    return Table(
        words("table-of", name=words(kind.value)), tuple(words(column) for column in columns), tuple(rows)
    )


def _cells(rate: Rate, words: Words) -> tuple[str, ...]:
    governing = rate.governing
    return (
        f"{rate.hits:,}",
        f"{rate.trials:,}",
        percent(rate.value),
        interval_cell(governing.low, governing.high),
        words(f"by-{governing.by}", count=rate.independent),
    )


def _undetermined(result: AssessmentResult, words: Words) -> Iterator[Block]:
    yield Heading(3, words("undetermined"), "undetermined")
    yield Text(words("undetermined-text"))
    kinds = (Kind.UNDETERMINED_MATED, Kind.UNDETERMINED_NON_MATED)
    names = ("undetermined-mated", "undetermined-non-mated")
    shown = [group for group in result.groups if all(kind in group.rates for kind in kinds)]
    for number, some in chunked(shown):
        series = [
            (words(name), [rate_row(labelled(group, words), group.rates[kind]) for group in some])
            for name, kind in zip(names, kinds, strict=True)
        ]
        yield share_plot(
            series,
            caption=words("undetermined") + part_of(number),
            alternative=_shares_told(result, words),
            name=f"undetermined{number}",
        )
    columns = ("group", "people", "undetermined-mated", "interval", "undetermined-non-mated", "interval")
    rows = tuple(
        (
            words.group(group.name),
            f"{group.people:,}",
            *(cell for kind in kinds for cell in _share(group.rates.get(kind), words)),
        )
        for group in result.groups
    )
    yield Table(
        words("table-of", name=words("undetermined")), tuple(words(column) for column in columns), rows
    )


def _share(rate: Rate | None, words: Words) -> tuple[str, str]:
    if rate is None:
        return words("not-given"), ""
    counted = f"{percent(rate.value)} ({rate.hits:,}/{rate.trials:,})"
    return counted, interval_cell(rate.governing.low, rate.governing.high)


def _shares_told(result: AssessmentResult, words: Words) -> str:
    told = {}
    for name, kind in (("mated", Kind.UNDETERMINED_MATED), ("non_mated", Kind.UNDETERMINED_NON_MATED)):
        worst = most_seen(result, kind)
        told[name] = words("everyone") if worst is None else words.group(worst.group.name)
        told[f"{name}_rate"] = percent(0.0 if worst is None else worst.rate.value)
    return words("undetermined-alt", **told)


def _acquired(result: AssessmentResult, words: Words) -> Iterator[Block]:
    yield Heading(3, words("failure_to_acquire"), "acquire")
    yield Text(words("acquire-text"))
    yield _rate_table(result, Kind.FAILURE_TO_ACQUIRE, words)
    reasons = result.trials.not_acquired
    if reasons:
        rows = tuple((name, f"{count:,}") for name, count in reasons.items())
        yield Table(words("reason"), (words("reason"), words("count")), rows)


def _scores(result: AssessmentResult, words: Words) -> Iterator[Block]:
    yield Heading(3, words("scores"), "scores")
    yield Text(words("scores-text"))
    shown = [group for group in result.groups if group.mated or group.non_mated]
    for number, some in chunked(shown, PANELS_IN_A_PLOT):
        yield score_plot(some, result.bounds, words, part=part_of(number))
    left_out = [words.group(group.name) for group in result.groups if not (group.mated or group.non_mated)]
    if left_out:
        yield Text(words("scores-left-out", groups="; ".join(left_out)), note=True)
    rows = tuple(
        (words.group(group.name), words(said), _bars_told(bars, words))
        for group in shown
        for said, bars in (("one-person", group.mated), ("two-people", group.non_mated))
        if bars
    )
    columns = (words("group"), words("kind"), words("bars"))
    if rows:
        yield Table(words("table-of", name=words("scores")), columns, rows, figures=False, folded=True)


def _bars_told(bars: Sequence[Bar], words: Words) -> str:
    told = [
        words("bar-open", above=f"{bar.above:g}", count=bar.count)
        if bar.up_to is None
        else words("bar", above=f"{bar.above:g}", up_to=f"{bar.up_to:g}", count=bar.count)
        for bar in bars
        if bar.count
    ]
    return "; ".join(told)


def _det(result: AssessmentResult, words: Words) -> Iterator[Block]:
    yield Heading(3, words("det"), "det")
    shown = [group for group in result.groups if group.det]
    if not shown:
        yield Text(words("det-none"))
        return
    yield Text(words("det-text"))
    for number, some in chunked(shown, LINES_IN_A_PLOT):
        yield det_plot(some, words, part=part_of(number))
    rows = tuple((words.group(group.name), _points_told(group)) for group in shown)
    yield Table(
        words("table-of", name=words("det")),
        (words("group"), words("det-points")),
        rows,
        figures=False,
        folded=True,
    )


def _points_told(group: GroupResult) -> str:
    told, last = [], ""
    for point in group.det:
        rates = f"{percent(point.fmr)} / {percent(point.fnmr)}"
        # Where both stand still nothing is said.
        if rates != last:
            told.append(f"{point.at:g}: {rates}")
        last = rates
    return "; ".join(told)
