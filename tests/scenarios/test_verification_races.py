"""Two processes at one desk: side by side, over one session, over one recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dongui.receipts.statement import Outcome
from simulators.visitors_hall import Said, Visitors, open_desk, proved, visitors

ROUNDS = 12


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Visitors]]:
    path = tmp_path_factory.mktemp("hall") / "desk"
    with visitors(path) as program:
        yield path, program


def reasons(path: Path, said: Said) -> dict[str, str | None]:
    """The reason on each answer's receipt by session, every receipt proved and every entry another one."""
    with open_desk(path) as desk:
        now = desk.log.checkpoint()
        checked = {answer.session: proved(desk, answer, now=now) for answer in said.answers}
    assert len(checked) == len(said.answers)
    assert len({receipt.index for receipt in checked.values()}) == len(checked)
    assert {receipt.statement.outcome for receipt in checked.values()} == {Outcome.REFUSED}
    return {session: receipt.statement.reason for session, receipt in checked.items()}


def grown(path: Path, before: int) -> int:
    with open_desk(path) as desk:
        return desk.log.checkpoint().size - before


def test_two_processes_verify_side_by_side(hall: tuple[Path, Visitors]) -> None:
    """Neither waits in vain, disturbs the other's answer, or takes its place in the log."""
    path, program = hall
    said = program.race("apart", ROUNDS)
    assert said.failures == {}
    assert list(reasons(path, said).values()) == ["consent.other-person"] * (2 * ROUNDS)


def test_a_raced_session_gives_one_answer(hall: tuple[Path, Visitors]) -> None:
    """Of two processes with one session exactly one answers; the other is refused and logs nothing."""
    path, program = hall
    before = grown(path, 0)
    said = program.race("session", ROUNDS)
    assert len(said.begun) == 2 * ROUNDS
    assert set(said.failures.values()) == {"session.consumed"}
    assert sorted(said.failures) == sorted({*said.begun}) == sorted(reasons(path, said))
    assert grown(path, before) == ROUNDS


def test_a_raced_recording_is_used_once(hall: tuple[Path, Visitors]) -> None:
    """Of two sessions shown the same frames at once one goes on; the other's receipt says they were used."""
    path, program = hall
    said = program.race("frames", ROUNDS)
    assert said.failures == {}
    told = reasons(path, said)
    pairs = [{told[said.begun[place]], told[said.begun[place + 1]]} for place in range(0, 2 * ROUNDS, 2)]
    assert pairs == [{"consent.other-person", "capture.already-used"}] * ROUNDS
