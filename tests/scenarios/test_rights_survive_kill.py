"""Killed with SIGKILL at random instants of an erasure: log, book and places agree afterwards, every time."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dongui.custody.rights.erasure import ErasureStep, PersonErasure
from dongui.custody.rights.kinds import Happening, Right
from dongui.custody.rights.law import law
from dongui.custody.rights.requests import Subject
from dongui.custody.rights.steps import KeysStep, LedgerStep, SuspendStep
from dongui.environment import SystemEntropy
from dongui.log.entry import EntryKind
from dongui.log.keys import SignerKey
from simulators.folder_in_memory import folder_in_memory
from simulators.killed_from_outside import killed_after
from simulators.rights_desk import FileStep, RightsDesk, person, rights_desk, says

KILLS = int(os.environ.get("DONGUI_KILLS", "40"))
# A whole erasure has three hundred, and goes on from where the kill before left it.
INSTANTS = 200
SECRET = SignerKey.generate("rights.example/killed", entropy=SystemEntropy())
PLACES = ("releases", "models", "vault")
NAMES = ["suspended", *PLACES, "ledger", "keys"]


def erasure(desk: RightsDesk) -> PersonErasure:
    """Return the whole erasure: three real steps, and files in the place of the other three."""
    files = [FileStep(name, desk.folder) for name in PLACES]
    steps: list[ErasureStep] = [
        SuspendStep(desk.ledger, desk.clock),
        *files,
        LedgerStep(desk.ledger),
        KeysStep(desk.keys),
    ]
    return PersonErasure(desk.book, steps)


def work(folder: Path, request: bytes) -> None:
    """Carry the erasure on."""
    with rights_desk(folder, key=SECRET) as desk:
        erasure(desk).carry_on(request)


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as path:
        yield path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a process with threads forks; the child only dies
def test_killed_anywhere_an_erasure_is_finished_and_never_ahead_of_the_log(folder: Path) -> None:
    """No step is done that the log does not know of; at last every place is empty and the key gone."""
    chance, killed, people = random.Random(7), 0, 0
    with rights_desk(folder, key=SECRET) as desk:
        desk.know(KILLS)
        desk.ledger.append([says(number) for number in range(KILLS)])
    while killed < KILLS and people < KILLS:
        somebody = person(people)
        for place in PLACES:
            (folder / f"{place}-{somebody.hex()}").touch()
        with rights_desk(folder, key=SECRET) as desk:
            subject = Subject(somebody, b"")
            request = desk.book.receive(Right.ERASURE, law("PIPA_2025_10"), subject=subject).id
        for _ in range(4):
            killed += killed_after(chance.randint(1, INSTANTS), partial(work, folder, request))
            check_not_ahead(folder, request, somebody)
        work(folder, request)
        check_whole(folder, request, somebody)
        people += 1
    print(f"{killed} kills, {people} people")
    assert killed >= KILLS // 2


def check_not_ahead(folder: Path, request: bytes, somebody: bytes) -> None:
    """What is gone was announced: a place is empty only once its step was begun in the log."""
    with rights_desk(folder, key=SECRET) as desk:
        desk.book.settle()
        found = desk.book.read(request)
        begun = {event.words["step"] for event in found.events if event.kind is Happening.STEP_BEGUN}
        for place in PLACES:
            assert place in begun or (folder / f"{place}-{somebody.hex()}").exists()
        assert "keys" in begun or desk.keys.key_of(somebody) is not None
        assert "ledger" in begun or desk.ledger.number(somebody) is not None


def check_whole(folder: Path, request: bytes, somebody: bytes) -> None:
    """Every step once, in order; every event has its entry; nothing of the person is left."""
    with rights_desk(folder, key=SECRET) as desk:
        found = desk.book.read(request)
        done = [event.words["step"] for event in found.events if event.kind is Happening.STEP_DONE]
        assert done == NAMES
        assert found.events[-1].kind is Happening.FULFILLED
        for event in found.events:
            assert desk.log.entry(event.position) == event.entry()
        logged = [desk.log.entry(place) for place in range(desk.log.checkpoint().size)]
        events = sum(len(one.events) for one in desk.book.all())
        assert sum(entry.kind is EntryKind.RIGHTS for entry in logged) == events
        assert desk.keys.key_of(somebody) is None
        assert desk.ledger.number(somebody) is None
        assert desk.book.person_of(request) is None
    assert not any((folder / f"{place}-{somebody.hex()}").exists() for place in PLACES)
