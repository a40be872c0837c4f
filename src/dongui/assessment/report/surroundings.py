"""What stands around the figures: what was assessed, how, what it cannot show, and the words."""

from __future__ import annotations

from collections.abc import Iterator

from dongui.assessment.intervals import clopper_pearson
from dongui.assessment.report.blocks import Block, Heading, Listing, Table, Text
from dongui.assessment.report.words import Words, share, upper_count
from dongui.assessment.result import AssessmentResult, Need

__all__ = ["bounds_told", "facts_of", "glossary_of", "limits_of", "method_of"]

_LIMITS = ("limits-others", "limits-effort", "limits-whole", "limits-undetermined")
_TERMS = (
    "fmr",
    "fnmr",
    "bounds",
    "mated",
    "interval",
    "bootstrap",
    "acquire",
    "det",
    "gini",
    "apcer",
    "tail",
)


def bounds_told(result: AssessmentResult, words: Words) -> str:
    """Return both bounds in words."""
    bounds = result.bounds
    return words("bounds-value", low=f"{bounds.mated_at_most:g}", high=f"{bounds.non_mated_from:g}")


def facts_of(result: AssessmentResult, digest: str | None, words: Words) -> Table:
    """Return what was assessed, on whom, on what ground. ``digest``: of the JSON beside the report."""
    trials = result.trials
    counted = words("comparisons-value", mated=trials.mated, non_mated=trials.non_mated)
    rows = [
        (words("recogniser"), result.recogniser.name),
        (words("bounds"), bounds_told(result, words)),
        (words("point"), result.operating_point or words("point-none")),
        (words("data-set"), result.data_set.title),
        *((words("ground"), ground) for ground in _grounds(result, words)),
        (words("people"), f"{trials.people:,}"),
        (words("pictures"), f"{trials.pictures:,}"),
        (words("comparisons"), counted),
    ]
    if digest is not None:
        rows.append((words("digest"), digest))
    return Table(words("facts"), (words("fact"), words("value")), tuple(rows), figures=False)


def _grounds(result: AssessmentResult, words: Words) -> Iterator[str]:
    facts = result.data_set
    if facts.consent_records:
        yield words("ground-records", count=facts.consent_records)
    for one in facts.declarations:
        yield words(
            "ground-declared",
            name=one.name,
            holder=one.holder,
            pictures=one.pictures,
            data_set=one.data_set,
            signer=one.signer,
        )


def method_of(result: AssessmentResult, words: Words) -> Iterator[Block]:
    """Yield how it was measured, and the digests of what it was measured with."""
    method, recogniser = result.method, result.recogniser
    yield Heading(2, words("method"), "method")
    yield Listing(
        (
            words("method-pairs", people=result.trials.people),
            _sessions(result, words),
            words("method-aggregates"),
            words("method-intervals", confidence=share(method.confidence), draws=method.draws),
            words("method-groups"),
            words("method-repeat", seed=method.seed),
        )
    )
    rows = (
        (words("card-digest"), recogniser.card_sha256),
        (words("weights-digest"), recogniser.weights_sha256),
        (words("pipeline-digest"), recogniser.pipeline_sha256),
        (words("table-digest"), result.data_set.table_sha256),
        *((f"{words('ground')}: {one.name}", one.sha256) for one in result.data_set.declarations),
    )
    yield Table(words("digests"), (words("fact"), "SHA-256"), rows, figures=False)


def _sessions(result: AssessmentResult, words: Words) -> str:
    across = result.trials.sessions
    if across is None:
        return words("sessions-none")
    return words(
        "sessions-some",
        trials=across.mated,
        rejected=across.rejected,
        undetermined=across.undetermined,
    )


def limits_of(result: AssessmentResult, words: Words) -> Iterator[Block]:
    """Yield what these people cannot show, and what it would take."""
    people = result.trials.people
    pairs = people // 2
    floor = clopper_pearson(0, max(pairs, 1), confidence=result.method.confidence)[1]
    size = words("limits-size", people=people, pairs=pairs, floor=upper_count(floor)[0])
    yield Heading(2, words("limits"), "limits")
    yield Listing((size, *(words(name) for name in _LIMITS)))
    yield Heading(3, words("needs"), "needs")
    yield Text(words("needs-text"))
    columns = ("group", "people", "needs-fmr", "needs-fnmr", "needs-more")
    rows = tuple(_need(need, words) for need in result.needs)
    yield Table(words("needs"), tuple(words(column) for column in columns), rows)


def _need(need: Need, words: Words) -> tuple[str, ...]:
    held = [words("yes") if one else words("no") for one in (need.fmr_holds, need.fnmr_holds)]
    more = words("needs-bounds") if need.more_people is None else f"{need.more_people:,}"
    return (words.group(need.group), f"{need.people:,}", *held, more)


def glossary_of(words: Words) -> Iterator[Block]:
    """Yield the words."""
    yield Heading(2, words("glossary"), "glossary")
    yield Listing(tuple(words(f"glossary-{term}") for term in _TERMS))
