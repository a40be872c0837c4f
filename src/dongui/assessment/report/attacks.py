"""Attacks in the report: each species by itself, and bona fide presentations apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dongui.assessment.attack_rates import AttackResult, SpeciesResult
from dongui.assessment.report.blocks import Block, Heading, Table, Text
from dongui.assessment.report.figures import interval_cell
from dongui.assessment.report.interval_plots import Row, chunked, share_plot
from dongui.assessment.report.words import Words, percent

__all__ = ["attacks_of"]


def attacks_of(attacks: AttackResult | None, pipeline_sha256: str, words: Words) -> Iterator[Block]:
    """Yield the section; it says so where nothing was measured, or with another pipeline."""
    yield Heading(3, words("attacks"), "attacks")
    if attacks is None:
        yield Text(words("attacks-none"))
        return
    yield Text(words("attacks-text", date=f"{attacks.made_at:%Y-%m-%d}", method=attacks.method))
    if attacks.pipeline_sha256 != pipeline_sha256:
        yield Text(words("attacks-other-pipeline"), note=True)
    for number, some in chunked(attacks.species):
        yield share_plot(
            [("", [_row(one, attacks.confidence) for one in some])],
            caption=words("apcer") + (f" ({number})" if number else ""),
            alternative=words("attacks-alt", told=_told(some)),
            name=f"attacks{number}",
        )
    yield _table("apcer", attacks.species, attacks.confidence, words)
    if attacks.bona_fide is not None:
        yield _table("bpcer", (attacks.bona_fide,), attacks.confidence, words)


def _rate(one: SpeciesResult) -> float:
    return one.errors / one.attempts


def _row(one: SpeciesResult, confidence: float) -> Row:
    return Row(f"{one.species} ({one.attempts:,})", _rate(one), one.interval(confidence))


def _told(some: Sequence[SpeciesResult]) -> str:
    return "; ".join(f"{one.species} {percent(_rate(one))}" for one in some)


def _table(rate: str, species: tuple[SpeciesResult, ...], confidence: float, words: Words) -> Table:
    columns = ("species", "attempts", "called-live", "called-attack", "cannot-tell", "rate", "interval")
    rows = tuple(
        (
            one.species if rate == "apcer" else words("bona-fide"),
            f"{one.attempts:,}",
            f"{one.live:,}",
            f"{one.attack:,}",
            f"{one.undetermined:,}",
            percent(_rate(one)),
            interval_cell(*one.interval(confidence)),
        )
        for one in species
    )
    return Table(words("table-of", name=words(rate)), tuple(words(column) for column in columns), rows)
