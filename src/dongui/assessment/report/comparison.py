"""Two assessments side by side: what differs as far as their intervals say, and what is not told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.report.answer import verdict_of
from dongui.assessment.report.blocks import Answer, Block, Content, Heading, Listing, Table, Text
from dongui.assessment.report.figures import interval_cell
from dongui.assessment.report.groups_between import kind_named
from dongui.assessment.report.interval_plots import chunked, pair_plot
from dongui.assessment.report.surroundings import bounds_told
from dongui.assessment.report.words import Language, Words, percent, upper_count
from dongui.assessment.report.worst import least_promised
from dongui.assessment.result import AssessmentResult
from dongui.assessment.result_json import JsonValue

__all__ = ["Difference", "comparison_content", "comparison_json", "differences"]

FORMAT = 1
_PLOTTED = (Kind.FMR, Kind.FNMR, Kind.UNDETERMINED_MATED)


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of rate in one group, in both. ``interval`` holds A's less B's where both intervals do."""

    group: str
    kind: Kind
    people: tuple[int, int]
    rates: tuple[Rate, Rate]

    @property
    def value(self) -> float:
        """What was seen in A less what was seen in B."""
        return self.rates[0].value - self.rates[1].value

    @property
    def interval(self) -> tuple[float, float]:
        """From A's lower end less B's upper to A's upper less B's lower."""
        one, other = (rate.governing for rate in self.rates)
        return one.low - other.high, one.high - other.low

    @property
    def differs(self) -> bool:
        """Whether zero lies outside."""
        low, high = self.interval
        return low > 0 or high < 0


def differences(a: AssessmentResult, b: AssessmentResult) -> list[Difference]:
    """Return every figure that both show, group by group. Groups are the same if columns and values are."""
    others = {(group.columns, group.values): group for group in b.groups}
    found = []
    for group in a.groups:
        other = others.get((group.columns, group.values))
        for kind in Kind:
            if other is not None and kind in group.rates and kind in other.rates:
                rates = (group.rates[kind], other.rates[kind])
                found.append(Difference(group.name, kind, (group.people, other.people), rates))
    return found


def comparison_json(
    a: AssessmentResult, b: AssessmentResult, *, digests: tuple[str, str]
) -> dict[str, JsonValue]:
    """Return the comparison as spec/assessment-report.md has it. ``digests``: SHA-256 of both reports."""
    return {
        "format": FORMAT,
        "kind": "assessment-comparison",
        "reports": [_named(result, digest) for result, digest in zip((a, b), digests, strict=True)],
        "same_table": a.data_set.table_sha256 == b.data_set.table_sha256,
        "figures": [_figure(one) for one in differences(a, b)],
    }


def _named(result: AssessmentResult, digest: str) -> dict[str, JsonValue]:
    return {
        "sha256": digest,
        "recogniser": result.recogniser.name,
        "made_at": result.made_at.isoformat(),
        "assessed_for_use": result.assessed_for_use,
    }


def _figure(one: Difference) -> dict[str, JsonValue]:
    return {
        "group": one.group,
        "rate": one.kind.value,
        "people": list(one.people),
        "values": [_twelve(rate.value) for rate in one.rates],
        "governing": [[_twelve(rate.governing.low), _twelve(rate.governing.high)] for rate in one.rates],
        "difference": _twelve(one.value),
        "interval": [_twelve(end) for end in one.interval],
        "differs": one.differs,
    }


def _twelve(value: float) -> float:
    return float(f"{value:.12g}")


def comparison_content(
    a: AssessmentResult, b: AssessmentResult, *, digests: tuple[str, str] | None, language: Language
) -> Content:
    """Return the comparison in ``language``. ``digests``: of both reports, where there are reports."""
    words = Words(language)
    found = differences(a, b)
    return Content(
        words("compare-title"),
        words("compare-made", a=_title(a, words), b=_title(b, words)),
        language,
        max(a.made_at, b.made_at),
        (
            Heading(2, words("answer"), "answer"),
            Answer(_verdict(found, words), None, tuple(_sentences((a, b), words))),
            _facts((a, b), digests, words),
            Heading(2, words("compare-caution"), "caution"),
            Listing(tuple(_cautions(a, b, words))),
            Heading(2, words("compare-figures"), "figures"),
            Text(words("compare-method")),
            *_figures(found, words),
        ),
    )


def _title(result: AssessmentResult, words: Words) -> str:
    return words(
        "compare-name",
        recogniser=result.recogniser.name,
        date=f"{result.made_at:%Y-%m-%d}",
        people=result.trials.people,
    )


def _verdict(found: list[Difference], words: Words) -> str:
    count = sum(one.differs for one in found)
    return words("compare-differs", count=count, all=len(found)) if count else words("compare-nothing")


def _sentences(both: tuple[AssessmentResult, AssessmentResult], words: Words) -> Iterator[str]:
    for name, result in zip("AB", both, strict=True):
        worst = least_promised(result, Kind.FMR)
        if worst is not None:
            count, base = upper_count(worst.rate.governing.high)
            group = words.group(worst.group.name)
            yield words(
                "compare-worst", name=name, count=count, base=base, group=group, people=worst.group.people
            )


def _facts(
    both: tuple[AssessmentResult, AssessmentResult], digests: tuple[str, str] | None, words: Words
) -> Table:
    rows = []
    for name, result, digest in zip("AB", both, digests or ("", ""), strict=True):
        told = f"{result.recogniser.name}; {bounds_told(result, words)}"
        rows += [
            (words("compare-recogniser", which=name), told),
            (words("compare-limits", which=name), verdict_of(result, words)),
            (f"{name}: {words('data-set')}", result.data_set.title),
        ]
        if digest:
            rows.append((f"{name}: {words('digest')}", digest))
    return Table(words("facts"), (words("fact"), words("value")), tuple(rows), figures=False)


def _cautions(a: AssessmentResult, b: AssessmentResult, words: Words) -> Iterator[str]:
    same = a.data_set.table_sha256 == b.data_set.table_sha256
    yield words("compare-same-set" if same else "compare-other-set")
    if a.recogniser != b.recogniser:
        yield words("compare-other-recogniser")
    if a.bounds != b.bounds:
        yield words("compare-other-bounds")
    if a.method.confidence != b.method.confidence:
        yield words("compare-other-confidence")
    if None in (a.operating_point, b.operating_point):
        yield words("compare-chosen-here")
    for name, here, there in (("A", a, b), ("B", b, a)):
        known = {(group.columns, group.values) for group in there.groups}
        only = [words.group(one.name) for one in here.groups if (one.columns, one.values) not in known]
        if only:
            yield words("compare-only", which=name, groups="; ".join(only))


def _figures(found: list[Difference], words: Words) -> Iterator[Block]:
    for kind in Kind:
        some = [one for one in found if one.kind is kind]
        if not some:
            continue
        name = kind_named(kind, words)
        yield Heading(3, name, kind.value)
        for part, shown in chunked(some) if kind in _PLOTTED else ():
            yield pair_plot(
                [(words.group(one.group), (_ends(one.rates[0]), _ends(one.rates[1]))) for one in shown],
                caption=name + (f" ({part})" if part else ""),
                alternative=words("compare-alt", what=name),
                words=words,
                name=f"{kind.value}{part}",
            )
        yield _table(name, some, words)


def _ends(rate: Rate) -> tuple[float, float, float]:
    return rate.value, rate.governing.low, rate.governing.high


def _table(name: str, some: list[Difference], words: Words) -> Table:
    columns = (words("group"), "A", "B", words("compare-difference"), words("compare-reading"))
    rows = tuple(
        (
            words.group(one.group),
            *(_rate(rate) for rate in one.rates),
            _points(*one.interval),
            words("differs" if one.differs else "not-told-apart"),
        )
        for one in some
    )
    return Table(words("table-of", name=name), columns, rows)


def _rate(rate: Rate) -> str:
    return f"{percent(rate.value)} ({interval_cell(rate.governing.low, rate.governing.high)})"


def _points(low: float, high: float) -> str:
    return f"{_signed(low)} – {_signed(high)}"


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{percent(abs(value))}"
