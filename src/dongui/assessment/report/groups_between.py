"""What is said between groups and beyond the measurement: differentials, pairs across groups, the tail."""

from __future__ import annotations

from collections.abc import Iterator

from dongui.assessment.error_rates import Kind
from dongui.assessment.report.blocks import Block, Heading, Table, Text
from dongui.assessment.report.figures import interval_cell
from dongui.assessment.report.words import Words, percent
from dongui.assessment.result import AssessmentResult, DifferentialResult

__all__ = ["between_groups", "kind_named"]

_KIND_NAMES = {
    Kind.FMR: "fmr",
    Kind.FNMR: "fnmr",
    Kind.UNDETERMINED_MATED: "undetermined-mated",
    Kind.UNDETERMINED_NON_MATED: "undetermined-non-mated",
    Kind.FAILURE_TO_ACQUIRE: "failure_to_acquire",
}


def between_groups(result: AssessmentResult, words: Words) -> Iterator[Block]:
    """Yield the sections on differences, on people of two groups, and on the extrapolated tail."""
    if result.differentials:
        yield from _differences(result, words)
    if result.across:
        yield from _across(result, words)
    yield from _tail(result, words)


def _differences(result: AssessmentResult, words: Words) -> Iterator[Block]:
    yield Heading(3, words("differences"), "differences")
    yield Text(words("differences-text"))
    columns = ("by", "what", "groups-compared", "highest", "max-min", "max-mean", "gini")
    rows = tuple(_difference(one, words) for one in result.differentials)
    caption = words("differences")
    yield Table(caption, tuple(words(column) for column in columns), rows, figures=False)


def _difference(one: DifferentialResult, words: Words) -> tuple[str, ...]:
    found = one.differential
    highest = words.group(found.highest) if found.highest else "–"
    values = (found.max_to_min, found.max_to_geometric_mean, found.gini)
    ratios = ["–" if value is None else f"{value:.2f}" for value in values]
    if found.withheld is not None:
        ratios = [words("withheld-some" if found.highest else "withheld-none"), "", ""]
    return (" × ".join(one.columns), kind_named(one.kind, words), str(found.groups), highest, *ratios)


def kind_named(kind: Kind, words: Words) -> str:
    """Return what a rate counts, in words."""
    name = words(_KIND_NAMES[kind])
    return f"{words('undetermined')}: {name}" if kind.value.startswith("undetermined") else name


def _across(result: AssessmentResult, words: Words) -> Iterator[Block]:
    yield Heading(3, words("across"), "across")
    yield Text(words("across-text"))
    columns = ("by", "groups", "people", "errors", "of", "interval")
    rows = []
    for one in result.across:
        named = " / ".join(one.values)
        people = " / ".join(f"{count:,}" for count in one.people)
        rate = one.rates.get(Kind.FMR)
        figures = (
            (words("not-given"), "", "")
            if rate is None
            else (
                f"{rate.hits:,}",
                f"{rate.trials:,}",
                interval_cell(rate.governing.low, rate.governing.high),
            )
        )
        rows.append((one.column, named, people, *figures))
    yield Table(words("across"), tuple(words(column) for column in columns), tuple(rows), figures=False)


def _tail(result: AssessmentResult, words: Words) -> Iterator[Block]:
    if result.tail is None:
        return
    fit = result.tail.fit
    yield Heading(3, words("tail"), "tail")
    yield Text(words("tail-text", below=f"{fit.below:g}", share=percent(fit.share)))
    columns = (words("tail-at"), words("tail-fmr"), words("interval"))
    rows = tuple(
        (f"{one.at:g}", percent(one.fmr), interval_cell(*one.interval)) for one in result.tail.figures
    )
    yield Table(words("tail"), columns, rows)
