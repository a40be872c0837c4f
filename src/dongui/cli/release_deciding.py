"""Deciding a release as the command line asked for it; by DuckDB where the tables turn out unsorted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dongui.cli.output import note
from dongui.cli.release_inputs import Asked, choose_engine, inquire
from dongui.cli.release_names import EngineName
from dongui.custody.decision import Engine
from dongui.custody.engines import duckdb_engine
from dongui.custody.gate import Decided, Inquired, decide_release
from dongui.custody.standing import ReleaseLog
from dongui.desk import Desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse

__all__ = ["Asked", "Limits", "decide_as_asked"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the decision goes, what decides it, how old a snapshot may be, and in how many processes."""

    out: Path
    engine: EngineName
    freshness: timedelta
    processes: int


def decide_as_asked(
    tables: tuple[Path, Path],
    asked: Asked,
    limits: Limits,
    *,
    desk: Desk | None,
    progress: Callable[[int, int], None],
) -> Decided:
    """Decide over ``tables``, records and consents, and log it at ``desk``, if there is one.

    With ``--engine auto``, tables that say they are sorted and are not are decided by DuckDB. Raises what
    :func:`~dongui.cli.release_inputs.inquire` and :func:`~dongui.custody.gate.decide_release` raise.
    """
    inquired, rules = inquire(*tables, asked)
    engine = choose_engine(limits.engine, inquired, rules)
    try:
        return _decide(inquired, engine, limits, desk, progress)
    except Misuse as fault:
        if fault.name != "snapshot.unsorted" or engine is not None or limits.engine is not EngineName.AUTO:
            raise
    note("The tables are not sorted; DuckDB decides.", "표가 정렬되어 있지 않아 DuckDB로 판단합니다.")
    return _decide(inquired, duckdb_engine(rules), limits, desk, progress)


def _decide(
    inquired: Inquired,
    engine: Engine | None,
    limits: Limits,
    desk: Desk | None,
    progress: Callable[[int, int], None],
) -> Decided:
    return decide_release(
        inquired,
        out=limits.out,
        engine=engine,
        log=None if desk is None else ReleaseLog(desk.log, desk.keys.log),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        freshness=limits.freshness,
        processes=limits.processes,
        progress=progress,
    )
