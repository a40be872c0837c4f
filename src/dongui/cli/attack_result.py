"""Attack detection's figures on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from dongui.cli.output import choose, table

if TYPE_CHECKING:
    from dongui.assessment.attack_rates import AttackResult, SpeciesResult

__all__ = ["drawn_attacks"]


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
