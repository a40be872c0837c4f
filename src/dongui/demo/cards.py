"""The staff of the story: a card room at the desk, and cards for people who do not exist."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta

from dongui.confinement import Confined
from dongui.demo.cast import portrait
from dongui.desk import Desk
from dongui.desk.cards import ISSUER_FILE, REGISTER_FILE, CardOrder, CardRoom, new_card_keys
from dongui.documents.document_trust import StaffCardTrust
from dongui.documents.staff_card.card_content import CardPerson
from dongui.documents.staff_card.issuing import StaffCard
from dongui.memory import SecretBuffer
from dongui.session import Session
from dongui.storage.sqlite.card_register import SqliteCardRegister

__all__ = ["HeldCard", "employ", "open_room", "staff_trust"]

_ISSUER = "cards.nowhere.example"


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A printed card: the text of its code."""

    card: StaffCard = field(repr=False)

    @property
    def at_rest(self) -> bytes:
        """The code's text."""
        return self.card.text.encode("ascii")

    def presented(self, session: Session) -> bytearray:
        """The same, whoever holds it out and whenever."""
        del session
        return bytearray(self.at_rest)


def open_room(desk: Desk) -> CardRoom:
    """Open the desk's card room, prepared when it is first needed. A context manager."""
    if not (desk.path / REGISTER_FILE).exists():
        keys = new_card_keys(desk.path, issuer=_ISSUER, entropy=desk.entropy)
        for path, (content, private) in keys.files.items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        SqliteCardRegister.open(desk.path / REGISTER_FILE).close()
    return CardRoom(desk)


def staff_trust(desk: Desk, room: CardRoom) -> StaffCardTrust:
    """Believe the desk's own issuer, and open cards with the site's key."""
    return StaffCardTrust({f"{_ISSUER}.pem": (desk.path / ISSUER_FILE).read_bytes()}, room.site_key)


def employ(desk: Desk, room: CardRoom, person: str, *, consent: bytes, enroller: Confined) -> HeldCard:
    """Make a card for somebody who consented."""
    order = CardOrder(
        person=CardPerson(f"N-{person}", f"Number {person}"),
        purpose=desk.purpose("staff-entrance"),
        consent_record=consent,
        sites=(room.site_key.public,),
        valid_for=timedelta(days=365),
        status=None,
    )
    picture = SecretBuffer(bytearray(portrait(person)))
    return HeldCard(room.issue(order, picture, enroller=enroller))
