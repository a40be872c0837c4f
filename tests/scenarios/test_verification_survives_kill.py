"""The whole main path, killed at random instants: what was answered is proved, what was spent stays spent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from dongui.desk import Desk
from dongui.errors import Misuse, Refused
from dongui.log.checking import check_log
from dongui.log.checkpoint import VerifiedCheckpoint
from dongui.log.proofs import verify_consistency
from simulators.folder_in_memory import folder_in_memory
from simulators.visitors_hall import Answer, Said, open_desk, proved, visitors

KILLS = 200


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as path:
        yield path


def is_open(desk: Desk, session: str) -> bool:
    """Whether somebody could still be verified in this session."""
    try:
        desk.sessions.load(session, at=desk.clock.now())
    except Refused as refused:
        if refused.name != "session.consumed":
            raise
        return False
    return True


def require_kept(desk: Desk, said: Said, *, before: int) -> VerifiedCheckpoint:
    """Check everything a killed process left against what it had said; return the log's state."""
    now = desk.log.checkpoint()
    # 1. Every answer stands in the log, and was given under a state of this one history.
    for answer in said.answers:
        assert proved(desk, answer, now=now).index == answer.index
    # 2. No answered session can be used again.
    assert not any(is_open(desk, answer.session) for answer in said.answers)
    # 3. What was under way has at most one entry; and if it has, its session is spent: spent came first.
    unanswered = now.size - before - len(said.answers)
    assert 0 <= unanswered <= len(said.interrupted) <= 1
    if unanswered:
        assert not is_open(desk, said.interrupted[0])
    return now


@pytest.mark.slow
def test_nothing_answered_is_lost_and_nothing_spent_comes_back(folder: Path) -> None:
    """Killed (SIGKILL) at any of 200 instants, one desk goes on opening, and keeps every promise it gave.

    Real: the desk on disk, its stores and keys, ``Desk.verify``, a fresh presentation for every session, the
    examination of the document up to its holder. Light: the visits end *refused* before a picture is decoded
    (the consent is another person's), the frames are grey, and the examination runs in the killed process
    itself, not in a confined one of its own. A power cut is another matter; see ``test_log_survives_kill``.
    """
    path, chance = folder / "desk", random.Random(20261122)
    answers: list[Answer] = []
    states: list[VerifiedCheckpoint] = []
    halfway: set[str] = set()  # sessions left spent, or open, by a kill in the middle of their verification
    with visitors(path) as program:
        with open_desk(path) as desk:
            states.append(desk.log.checkpoint())
        for _ in range(KILLS):
            said = program.kill(chance.uniform(0.2, 4.0))
            with open_desk(path) as desk:
                states.append(require_kept(desk, said, before=states[-1].size))
                answers += said.answers
                halfway.update(
                    f"{'open' if is_open(desk, session) else 'spent'} {session}"
                    for session in said.interrupted
                )
    with open_desk(path) as desk:
        now = desk.log.checkpoint()
        assert [proved(desk, answer, now=now).index for answer in answers] == [one.index for one in answers]
        for older, newer in pairwise(states):
            proof = desk.log.consistency(older.size, newer.size)
            verify_consistency(proof, old_root=older.root, new_root=newer.root)
        assert check_log(desk.log).size == now.size
        # Spent by a process that died over it: still spent. Left open by one: open until it ends.
        assert all(is_open(desk, one.split()[1]) is one.startswith("open") for one in halfway)
    # The kills must have hit something: many of them a verification, and after its session was spent.
    assert len(answers) > KILLS / 10
    assert len(halfway) > KILLS / 20
    assert any(one.startswith("spent") for one in halfway)


@pytest.mark.slow
def test_an_answer_before_its_entry_would_be_caught(folder: Path) -> None:
    """The control: a desk that answers first and appends afterwards is found out by the same check."""
    path, chance = folder / "desk", random.Random(9162)
    with visitors(path) as program:
        for _ in range(20):
            with open_desk(path) as desk:
                before = desk.log.checkpoint().size
            said = program.kill(chance.uniform(2.0, 6.0), mode="late")
            with open_desk(path) as desk:
                try:
                    require_kept(desk, said, before=before)
                except (AssertionError, Misuse, Refused):
                    assert said.answers
                    return
    raise AssertionError("20 kills did not catch a desk that answers before its entry is durable")
