"""The answer, before anything else: who gets in who should not, who is kept out who should not, for whom."""

from __future__ import annotations

from collections.abc import Iterator

from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.report.blocks import Answer
from dongui.assessment.report.words import Words, percent, share, upper_count
from dongui.assessment.report.worst import Worst, least_promised, most_seen
from dongui.assessment.result import AssessmentResult, GroupResult

__all__ = ["answer_of", "at_most", "verdict_of"]

_KINDS = {Kind.FMR: "fmr", Kind.FNMR: "fnmr"}


def answer_of(result: AssessmentResult, words: Words) -> Answer:
    """Return the answer in sentences."""
    sentences = [
        *_errors(result, Kind.FMR, words),
        *_errors(result, Kind.FNMR, words),
        *_undetermined(result, words),
        *_unknown(result, words),
        *_takes(result, words),
        words("confidence-note", confidence=share(result.method.confidence)),
    ]
    return Answer(verdict_of(result, words), result.assessed_for_use, tuple(sentences))


def verdict_of(result: AssessmentResult, words: Words) -> str:
    """Return whether it is assessed for use, and by what limits."""
    limits = words("limits-named", fmr=share(result.max_fmr), fnmr=share(result.max_fnmr))
    if result.assessed_for_use:
        return words("verdict-yes", limits=limits)
    failing = sum(not (need.fmr_holds and need.fnmr_holds) for need in result.needs)
    return words("verdict-no", failing=failing, groups=len(result.needs), limits=limits)


def at_most(result: AssessmentResult, kind: Kind, words: Words) -> str:
    """Return the sentence with the upper ends: everyone's and the worst group's, of one base."""
    name, everyone = _KINDS[kind], result.everyone.rates.get(kind)
    if everyone is None:
        return words(f"answer-{name}-none")
    count, base = upper_count(everyone.governing.high)
    worst = least_promised(result, kind)
    if worst is None:
        return words(f"answer-{name}-alone", count=count, base=base)
    return words(
        f"answer-{name}",
        count=count,
        base=base,
        worst=_of(worst.rate.governing.high, base),
        **_named(worst, words),
    )


def _of(rate: float, base: int) -> int:
    count, own_base = upper_count(rate)
    return -(-count * base // own_base)


def _named(worst: Worst, words: Words) -> dict[str, str | int]:
    return {"group": words.group(worst.group.name), "people": worst.group.people}


def _errors(result: AssessmentResult, kind: Kind, words: Words) -> Iterator[str]:
    yield at_most(result, kind, words)
    everyone = result.everyone.rates.get(kind)
    if everyone is None:
        return
    worst = most_seen(result, kind)
    if not everyone.hits:
        yield words(f"seen-none-{_KINDS[kind]}", trials=everyone.trials, people=result.everyone.people)
    else:
        # Errors may all lie between groups: then none of them has seen one.
        told = worst or Worst(result.everyone, everyone)
        yield words(
            f"seen-some-{_KINDS[kind]}",
            trials=everyone.trials,
            hits=everyone.hits,
            rate=percent(told.rate.value),
            **_named(told, words),
        )


def _undetermined(result: AssessmentResult, words: Words) -> Iterator[str]:
    rates = result.everyone.rates
    mated, non_mated = rates.get(Kind.UNDETERMINED_MATED), rates.get(Kind.UNDETERMINED_NON_MATED)
    if mated is None or non_mated is None:
        return
    yield words("answer-undetermined", mated=percent(mated.value), non_mated=percent(non_mated.value))
    for kind in (Kind.UNDETERMINED_MATED, Kind.UNDETERMINED_NON_MATED):
        worst = most_seen(result, kind)
        if worst is not None:
            name = kind.value.replace("_", "-")
            yield words(f"answer-{name}", rate=percent(worst.rate.value), **_named(worst, words))


def _unknown(result: AssessmentResult, words: Words) -> Iterator[str]:
    unknown = [words.group(group.name) for group in result.groups if _lacks(group)]
    if unknown:
        yield words("not-shown", groups="; ".join(unknown))


def _lacks(group: GroupResult) -> bool:
    shown: list[Rate | None] = [group.rates.get(kind) for kind in _KINDS]
    return None in shown


def _takes(result: AssessmentResult, words: Words) -> Iterator[str]:
    wanting = [need for need in result.needs if need.more_people]
    if wanting:
        most = max(wanting, key=lambda need: need.more_people or 0)
        yield words("takes", more=most.more_people or 0, group=words.group(most.group))
    beyond = sum(need.more_people is None for need in result.needs)
    if beyond:
        yield words("takes-bounds", count=beyond)
