"""The register of cards: one look-up, deletion that reaches the disk, and nothing about a person."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from dongui.documents.staff_card.register import OneCard, RegisteredCard
from dongui.documents.status import StatusReference
from dongui.errors import Misuse, Refused, Trouble
from dongui.storage.sqlite.card_register import (
    _APPLICATION_ID,
    _MIGRATIONS,
    CardEntry,
    SqliteCardRegister,
)
from dongui.storage.sqlite.database import Database
from simulators.staff_cards import AT

SECRET = bytes(range(100, 132))
CARD = RegisteredCard(b"c" * 16, SECRET, AT + timedelta(days=1))
CONSENT = b"r" * 16
STATUS = StatusReference("https://cards.example/1", 7)


def nothing(entry: CardEntry) -> None:
    assert not entry.revoked


def opened(folder: Path) -> SqliteCardRegister:
    register = SqliteCardRegister.open(folder / "cards.sqlite")
    register.register(CARD, consent_record=CONSENT, status=STATUS)
    return register


def test_a_card_is_looked_up_by_its_id(tmp_path: Path) -> None:
    """The register gives one secret for one id, and says when it knows none."""
    with opened(tmp_path) as register:
        assert register.look_up(CARD.card_id) == CARD
        assert register.show(CARD.card_id) == CardEntry(CARD.card_id, CONSENT, STATUS, CARD.valid_until)
        with pytest.raises(Refused) as caught:
            register.look_up(b"x" * 16)
        assert caught.value.name == "staff-card.not-registered"


def test_deleting_a_secret_leaves_it_nowhere_in_the_file(tmp_path: Path) -> None:
    """Every copy of the card is void: the secret is in no page and in no journal."""
    with opened(tmp_path) as register:
        assert register.revoke(CARD.card_id, before=nothing).status == STATUS
        with pytest.raises(Refused) as caught:
            register.look_up(CARD.card_id)
        assert caught.value.name == "staff-card.revoked"
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert CARD.card_id in kept
        assert SECRET not in kept
        assert CONSENT not in kept
        with pytest.raises(Misuse, match="revoked before"):
            register.revoke(CARD.card_id, before=nothing)


def test_what_must_come_first_comes_first(tmp_path: Path) -> None:
    """Where it cannot be logged that a card is revoked, it is not revoked."""

    def full(entry: CardEntry) -> None:
        raise Trouble("storage.full", "the log's disk")

    with opened(tmp_path) as register:
        with pytest.raises(Trouble):
            register.revoke(CARD.card_id, before=full)
        assert register.look_up(CARD.card_id) == CARD


def test_nothing_remains_of_a_card_whose_time_is_over(tmp_path: Path) -> None:
    """Not at its last second, but at its end: id and all."""
    with opened(tmp_path) as register:
        assert register.purge(at=CARD.valid_until - timedelta(seconds=1)) == 0
        assert register.purge(at=CARD.valid_until) == 1
        assert register.list_cards() == []
        assert CARD.card_id not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_card_is_registered_once(tmp_path: Path) -> None:
    """A second entry of one id would be a second secret for it."""
    with opened(tmp_path) as register, pytest.raises(Misuse) as caught:
        register.register(CARD, consent_record=CONSENT, status=None)
    assert caught.value.name == "card.already-registered"


def test_the_register_has_no_place_for_a_person(tmp_path: Path) -> None:
    """Its columns, all of them: no face, no name, no number, no history of use."""
    opened(tmp_path).close()
    with sqlite3.connect(tmp_path / "cards.sqlite") as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
        names = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables
        }
    connection.close()
    assert names == {
        "accepted_card": ["card", "issuer"],
        "card": ["id", "secret", "consent_record", "status_uri", "status_index", "ends"],
        "card_site": ["card", "site", "holds_secret"],
        "revoked_elsewhere": ["card", "issuer", "ends"],
    }


def test_sites_and_revocations_of_others_end_with_the_card(tmp_path: Path) -> None:
    """Who was given the secret is known until the card's end, also once it is revoked; then nothing is."""
    with opened(tmp_path) as register:
        register.give_to(CARD.card_id, site=b"s" * 32)
        other = RegisteredCard(b"d" * 16, SECRET, CARD.valid_until)
        register.refuse_later(other.card_id, issuer="one.example", ends=CARD.valid_until)
        register.register(other, consent_record=CONSENT, status=None, issuer="two.example")
        register.revoke(CARD.card_id, before=nothing)
        assert register.holders(CARD.card_id) == [b"s" * 32]
        assert register.issuer_of(other.card_id) == "two.example"
        register.purge(at=CARD.valid_until)
        assert register.holders(CARD.card_id) == []
        assert not register.knows(CARD.card_id)
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"s" * 32 not in kept
        assert b"one.example" not in kept


def test_a_register_of_the_first_form_is_read_on(tmp_path: Path) -> None:
    """Cards that are out stay out; of them no site is known, so any may be given the secret."""
    path = tmp_path / "cards.sqlite"
    old = Database.open(path, migrations=_MIGRATIONS[:1], application_id=_APPLICATION_ID)
    row = (CARD.card_id, SECRET, CONSENT, None, None, int(CARD.valid_until.timestamp()))
    with old.transaction() as connection:
        connection.execute("INSERT INTO card VALUES (?, ?, ?, ?, ?, ?)", row)
    old.close()
    with SqliteCardRegister.open(path) as register:
        assert register.look_up(CARD.card_id) == CARD
        for site in (b"s" * 32, b"t" * 32):
            register.give_to(CARD.card_id, site=site)
        assert register.holders(CARD.card_id) == [b"s" * 32, b"t" * 32]


def test_a_register_of_one_card_knows_one_card() -> None:
    """What the process that judges a card holds: this secret and no other; shown by no repr."""
    assert OneCard(CARD).look_up(CARD.card_id) == CARD
    with pytest.raises(Refused):
        OneCard(CARD).look_up(b"x" * 16)
    assert SECRET.hex() not in repr(CARD)
    assert repr(SECRET) not in repr(OneCard(CARD))


@pytest.mark.parametrize(("card_id", "secret"), [(b"c" * 15, SECRET), (b"c" * 16, SECRET[:-1])])
def test_ids_and_secrets_have_their_length(card_id: bytes, secret: bytes) -> None:
    """A shorter secret would be a weaker one."""
    with pytest.raises(ValueError, match="bytes"):
        RegisteredCard(card_id, secret, AT)
