"""Requests: all that happens is logged and kept, due as the law says, nothing done for somebody unproved."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dongui.custody.rights.erasure import PersonErasure
from dongui.custody.rights.identity import prove_by_document, prove_by_key
from dongui.custody.rights.kinds import Happening, Right
from dongui.custody.rights.law import law
from dongui.custody.rights.requests import Subject
from dongui.custody.schema import EventKind
from dongui.errors import Misuse, Refused
from simulators.rights_desk import FileStep, RightsDesk, person, rights_desk, says

PIPA, GDPR = law("PIPA_2025_10"), law("GDPR_2016_679")
MINA = Subject(person(0), b"")


def test_a_request_has_its_due_date_and_its_entries(tmp_path: Path) -> None:
    """Received and identified: two events, each committed to by the log, the due date in the first."""
    with rights_desk(tmp_path) as desk:
        found = desk.book.receive(Right.ACCESS, PIPA, subject=MINA)
        assert [event.kind for event in found.events] == [Happening.RECEIVED, Happening.IDENTITY_CONFIRMED]
        assert found.due == date(2026, 11, 30)  # Friday the 20th and ten days; the 30th is a Monday
        for event in found.events:
            assert desk.log.entry(event.position) == event.entry()
            assert MINA.person.hex() not in str(dict(event.words))
        assert desk.book.person_of(found.id) == MINA.person
        assert not found.is_late(datetime(2026, 11, 30, 14, 59, tzinfo=UTC))
        assert found.is_late(datetime(2026, 11, 30, 15, 0, tzinfo=UTC))


def test_an_extension_is_counted_from_receipt_and_given_once(tmp_path: Path) -> None:
    """GDPR 12(3): one month and two further ones, with the reason; not twice, and not when it is late."""
    with rights_desk(tmp_path) as desk:
        found = desk.book.receive(Right.ERASURE, GDPR, zone="Europe/Lisbon", subject=MINA)
        assert found.due == date(2026, 12, 21)  # the 20th is a Sunday
        longer = desk.book.extend(found.id, reason="many records")
        assert longer.due == date(2027, 2, 22)  # three months from receipt, not from the first due date
        with pytest.raises(Misuse, match="rights.not-extendable"):
            desk.book.extend(found.id, reason="more")
        desk.clock.moment += timedelta(days=200)
        with pytest.raises(Misuse, match="rights.late"):
            desk.book.extend(found.id, reason="more")
        with pytest.raises(Misuse, match="rights.reason-missing"):
            desk.book.extend(found.id, reason=" ")


def test_pipa_lets_access_be_put_off_and_nothing_else(tmp_path: Path) -> None:
    """PIPA 35(3): with a reason, until a day that is named; correction has no such rule."""
    with rights_desk(tmp_path) as desk:
        access = desk.book.receive(Right.ACCESS, PIPA, subject=MINA)
        until = date(2026, 12, 24)
        assert desk.book.extend(access.id, reason="archive under repair", until=until).due == until
        with pytest.raises(Misuse, match="rights.not-extendable"):
            desk.book.extend(access.id, reason="earlier", until=date(2026, 12, 1))
        other = desk.book.receive(Right.CORRECTION, PIPA, subject=MINA)
        with pytest.raises(Misuse, match="rights.not-extendable"):
            desk.book.extend(other.id, reason="why not", until=until)


def test_nothing_is_done_for_somebody_who_proved_nothing(tmp_path: Path) -> None:
    """The term runs from receipt; fulfilment waits for the proof; then it goes on."""
    with rights_desk(tmp_path) as desk:
        found = desk.book.receive(Right.COPY, PIPA)
        with pytest.raises(Refused, match="rights.identity-not-proved"):
            desk.book.fulfil(found.id, {})
        desk.book.confirm(found.id, MINA)
        assert not desk.book.fulfil(found.id, {"file": "given"}).is_open
        with pytest.raises(Misuse, match="rights.closed"):
            desk.book.refuse(found.id, ground="harm-to-others", reason="late thought")


def test_a_refusal_names_a_ground_the_law_has_for_this_right(tmp_path: Path) -> None:
    """Ground, article and words; a ground of another right is none."""
    with rights_desk(tmp_path) as desk:
        found = desk.book.receive(Right.SUSPENSION, PIPA, subject=MINA)
        with pytest.raises(Misuse, match="rights.no-such-ground"):
            desk.book.refuse(found.id, ground="statutory-collection", reason="a statute")
        refused = desk.book.refuse(
            found.id, ground="contract", reason="the gate needs it until the term ends"
        )
        assert refused.events[-1].words["articles"] == "37(2)4"


def test_one_open_request_of_a_kind_a_person(tmp_path: Path) -> None:
    """Asked twice is told the first; another person, another right, or after the answer is free."""
    with rights_desk(tmp_path) as desk:
        first = desk.book.receive(Right.ACCESS, PIPA, subject=MINA)
        with pytest.raises(Misuse, match=first.id.hex()):
            desk.book.receive(Right.ACCESS, PIPA, subject=MINA)
        desk.book.receive(Right.ACCESS, PIPA, subject=Subject(person(1), b""))
        desk.book.fulfil(first.id, {})
        assert desk.book.receive(Right.ACCESS, PIPA, subject=MINA).is_open
        assert len(desk.book.of_person(MINA.person)) == 2


def test_events_cannot_be_changed_by_any_program(tmp_path: Path) -> None:
    """The table's own rules keep them."""
    with rights_desk(tmp_path) as desk:
        desk.book.receive(Right.ACCESS, PIPA, subject=MINA)
    connection = sqlite3.connect(tmp_path / "requests.sqlite")
    for statement in ("UPDATE event SET kind = 'refused'", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def refusals(desk: RightsDesk) -> list[str]:
    """Ask in all the ways one may not; return what is answered."""
    mine, other = desk.keys.key_of(person(0)), desk.keys.key_of(person(1))
    assert mine is not None
    assert other is not None
    desk.keys.bind(person(1), b"document of another")
    told = []
    for asked, key in ((0, other), (99, mine)):  # somebody else's key, nobody's id
        with pytest.raises(Refused) as caught:
            prove_by_key(person(asked), key, desk.keys)
        told.append(str(caught.value))
    for asked, document in ((0, b"document of another"), (0, b"unregistered"), (99, b"unregistered")):
        with pytest.raises(Refused) as caught:
            prove_by_document(person(asked), document, desk.keys)
        told.append(str(caught.value))
    return told


def test_asking_for_somebody_else_tells_nothing(tmp_path: Path) -> None:
    """Another's key or document, an id that is nobody's, somebody erased: the same words."""
    with rights_desk(tmp_path) as desk:
        desk.know(2)
        mine = desk.keys.key_of(person(0))
        assert mine is not None
        prove_by_key(person(0), mine, desk.keys)
        told = refusals(desk)
        desk.keys.erase([person(0)])
        with pytest.raises(Refused) as caught:
            prove_by_key(person(0), mine, desk.keys)
        assert {*told, str(caught.value)} == {told[0]}


def test_a_presentation_is_accepted_once(tmp_path: Path) -> None:
    """Whoever copied what was presented asks nothing with it, of any right, in anybody's name."""
    with rights_desk(tmp_path) as desk:
        shown = Subject(person(0), bytes(32))
        first = desk.book.receive(Right.ACCESS, PIPA, subject=shown)
        for again in (shown, Subject(person(1), bytes(32))):
            with pytest.raises(Refused, match="rights.presentation-used"):
                desk.book.receive(Right.ERASURE, PIPA, subject=again)
        assert [one.id for one in desk.book.all()] == [first.id]
        assert desk.log.checkpoint().size == 2


def test_an_erasure_does_every_step_and_leaves_nobody(tmp_path: Path) -> None:
    """Each step is logged before and after; at last the events are of nobody; again does nothing."""
    with rights_desk(tmp_path) as desk:
        desk.know(2)
        desk.ledger.append([says(0), says(1)])
        steps = [FileStep(name, tmp_path) for name in ("models", "vault")]
        (tmp_path / f"models-{person(0).hex()}").touch()
        found = desk.book.receive(Right.ERASURE, PIPA, subject=MINA)
        done = PersonErasure(desk.book, steps).carry_on(found.id)
        kinds = [event.kind.value for event in done.events[2:]]
        assert kinds == ["step-begun", "step-done"] * 2 + ["fulfilled"]
        assert not (tmp_path / f"models-{person(0).hex()}").exists()
        assert desk.book.person_of(found.id) is None
        assert PersonErasure(desk.book, steps).carry_on(found.id) == done
    for file in tmp_path.glob("requests.sqlite*"):
        assert person(0) not in file.read_bytes()


def test_an_erasure_wants_its_own_right_and_its_own_person(tmp_path: Path) -> None:
    """Not for an access request, not before the identity is proved."""
    with rights_desk(tmp_path) as desk:
        access = desk.book.receive(Right.ACCESS, PIPA, subject=MINA)
        with pytest.raises(Misuse, match="rights.other-right"):
            PersonErasure(desk.book, []).carry_on(access.id)
        unproved = desk.book.receive(Right.ERASURE, PIPA)
        with pytest.raises(Refused, match="rights.identity-not-proved"):
            PersonErasure(desk.book, []).carry_on(unproved.id)


def test_the_ledger_forgets_a_person_and_keeps_everybody_else(tmp_path: Path) -> None:
    """Events and id are overwritten, no number is given again, the rest agrees with the log."""
    with rights_desk(tmp_path) as desk:
        desk.know(3)
        desk.ledger.append([says(number) for number in range(3)])
        assert desk.ledger.erase(person(1)) == 1
        assert desk.ledger.erase(person(1)) == 0
        assert desk.ledger.number(person(1)) is None
        assert desk.ledger.check() == 2
        desk.ledger.register_people([person(7)])
        assert desk.ledger.number(person(7)) == 3
        with pytest.raises(Misuse, match="snapshot.unknown-person"):
            desk.ledger.append([says(1, EventKind.WITHDRAWN)])
    for file in tmp_path.glob("consents.sqlite*"):
        assert person(1) not in file.read_bytes()
    connection = sqlite3.connect(tmp_path / "consents.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM event")
    connection.close()
