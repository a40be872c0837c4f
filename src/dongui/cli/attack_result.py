"""Attack detection's figures as JSON (spec/assessment-report.md) and on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from dongui.cli.output import JsonValue, choose, table

if TYPE_CHECKING:
    from dongui.assessment.attack_rates import AttackResult, SpeciesResult

__all__ = ["attack_json", "drawn_attacks"]


def attack_json(result: AttackResult) -> dict[str, JsonValue]:
    """Return the figures as format 1 has them."""
    return {
        "format": 1,
        "kind": "attacks",
        "made_at": result.made_at.isoformat(),
        "method": result.method,
        "pipeline_sha256": result.pipeline_sha256,
        "confidence": result.confidence,
        "species": [_species(one, result.confidence, "apcer") for one in result.species],
        "bona_fide": None
        if result.bona_fide is None
        else _species(result.bona_fide, result.confidence, "bpcer"),
    }


def _species(one: SpeciesResult, confidence: float, rate: str) -> dict[str, JsonValue]:
    return {
        "species": one.species,
        "attempts": one.attempts,
        "live": one.live,
        "attack": one.attack,
        "undetermined": one.undetermined,
        rate: one.errors / one.attempts,
        "interval": list(one.interval(confidence)),
        "undetermined_interval": list(one.undetermined_interval(confidence)),
        "reasons": dict(one.reasons),
    }


def drawn_attacks(result: AttackResult) -> RenderableType:
    """Return one row a species, and the bona fide presentations apart."""
    columns = (
        choose("species", "공격 종류"),
        choose("attempts", "시도"),
        choose("called live", "실제로 판정"),
        choose("called an attack", "공격으로 판정"),
        choose("undetermined", "판단 불가"),
    )
    rows = [
        (
            one.species,
            str(one.attempts),
            f"{one.live}  APCER {_percent(one, result)}",
            str(one.attack),
            str(one.undetermined),
        )
        for one in result.species
    ]
    if (own := result.bona_fide) is not None:
        attack = f"{own.attack}  BPCER {_percent(own, result)}"
        rows.append((own.species, str(own.attempts), str(own.live), attack, str(own.undetermined)))
    said = choose(
        "Percent, with exact intervals over attempts. Attempts with one print or by one person are not "
        "independent; a species that is not here was not tried.",
        "백분율과 시도 횟수에 대한 정확한 구간입니다. 같은 인쇄물이나 같은 사람의 시도는 독립이 아니며, "
        "여기 없는 종류는 시험하지 않았습니다.",
    )
    return Group(table(columns, rows), Text("\n" + said, style="dim"))


def _percent(one: SpeciesResult, result: AttackResult) -> str:
    low, high = one.interval(result.confidence)
    return f"{100 * one.errors / one.attempts:.1f} ({100 * low:.1f}-{100 * high:.1f})"
