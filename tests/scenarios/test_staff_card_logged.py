"""Charter, point 5, for cards: the log knows first, also where the desk is killed in between."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from dongui.desk import ControllerEntry, Desk, create_desk
from dongui.desk.card_entries import issued_entry, revoked_entry
from dongui.desk.cards import CardOrder, CardRoom, new_card_keys, revoke_ended
from dongui.documents.staff_card.card_content import CardPerson
from dongui.documents.staff_card.issuing import StaffCard
from dongui.environment import SystemClock, SystemEntropy
from dongui.log.entry import Entry, EntryKind
from dongui.memory import SecretBuffer
from simulators import card_victim

CONTROLLER = ControllerEntry("saebom.example", "새봄", "Saebom", "서울", "Seoul", "privacy@saebom.example")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    path = tmp_path / "desk"
    create_desk(path, CONTROLLER, entropy=SystemEntropy())
    for file, (data, _) in new_card_keys(path, issuer="cards.example", entropy=SystemEntropy()).files.items():
        file.write_bytes(data)
    return path


def opened(path: Path) -> Desk:
    return Desk(path, clock=SystemClock(), entropy=SystemEntropy())


def consent(desk: Desk, room: CardRoom) -> bytes:
    return room.consent("E-1", purpose=desk.purpose("staff-entrance"), language="ko").record_id


def issued(desk: Desk, room: CardRoom, record: bytes) -> StaffCard:
    purpose = desk.purpose("staff-entrance")
    person = CardPerson("E-1", "Nobody")
    order = CardOrder(person, purpose, record, (room.site_key.public,), timedelta(days=1), None)
    return room.issue(order, SecretBuffer(bytearray(1)), enroller=card_victim.Enroller())


def entries(desk: Desk) -> list[Entry]:
    return [desk.log.entry(index) for index in range(desk.log.checkpoint().checkpoint.size)]


def killed(path: Path, what: str, argument: bytes) -> int:
    command = [sys.executable, card_victim.__file__, str(path), what, argument.hex()]
    return subprocess.run(command, check=False, timeout=60).returncode


def test_whoever_holds_a_card_finds_both_entries(desk: Path) -> None:
    """Issued and revoked, each once, to be made again from the card's id and code alone."""
    with opened(desk) as open_desk, CardRoom(open_desk) as room:
        card = issued(open_desk, room, consent(open_desk, room))
        room.revoke(card.card_id)
        logged = entries(open_desk)
    assert logged[1:] == [issued_entry(card.card_id, card.text), revoked_entry(card.card_id)]


def test_killed_between_log_and_register_nothing_is_unlogged(desk: Path) -> None:
    """A card that was logged and never registered is nobody's; a revocation half done is done again."""
    with opened(desk) as open_desk, CardRoom(open_desk) as room:
        record = consent(open_desk, room)
    assert killed(desk, "issue", record) == -signal.SIGKILL
    with opened(desk) as open_desk, CardRoom(open_desk) as room:
        assert room.register.list_cards() == []
        assert entries(open_desk)[-1].kind is EntryKind.CARD_ISSUED
        card = issued(open_desk, room, record)
    assert killed(desk, "revoke", card.card_id) == -signal.SIGKILL
    with opened(desk) as open_desk, CardRoom(open_desk) as room:
        assert not room.register.show(card.card_id).revoked
        assert entries(open_desk)[-1] == revoked_entry(card.card_id)
        room.revoke(card.card_id)
        assert room.register.show(card.card_id).revoked
        assert entries(open_desk)[-2:] == [revoked_entry(card.card_id)] * 2


def test_an_ended_consent_revokes_at_once(desk: Path) -> None:
    """What `consent withdraw` calls: the secret is gone and logged before anybody opens the card room."""
    with opened(desk) as open_desk:
        revoke_ended(open_desk)
        with CardRoom(open_desk) as room:
            record = consent(open_desk, room)
            card = issued(open_desk, room, record)
        open_desk.withdraw_consent(record)
        revoke_ended(open_desk)
        assert entries(open_desk)[-1] == revoked_entry(card.card_id)
