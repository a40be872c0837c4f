"""The site's register of cards: what a reader asks of whoever keeps it. It holds no faces.

For each card that is out, its secret. The template on a card is noise without it, so that deleting one entry
makes every copy of that card useless, whoever holds it and whatever keys they have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from dongui.errors import Refused

__all__ = ["CARD_ID_BYTES", "SECRET_BYTES", "CardRegister", "OneCard", "RegisteredCard"]

CARD_ID_BYTES = 16
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class RegisteredCard:
    """A card that is out: its random id (16 bytes), the template's secret (32 bytes), and until when."""

    card_id: bytes
    secret: bytes = field(repr=False)
    valid_until: datetime

    def __post_init__(self) -> None:
        if len(self.card_id) != CARD_ID_BYTES or len(self.secret) != SECRET_BYTES:
            raise ValueError(f"a card has an id of {CARD_ID_BYTES} and a secret of {SECRET_BYTES} bytes")


class CardRegister(Protocol):
    """Looks up one card by its id. There is deliberately no way to ask for several."""

    def look_up(self, card_id: bytes) -> RegisteredCard:
        """Return the card. Raises ``Refused``: ``staff-card.not-registered``, ``staff-card.revoked``."""


@dataclass(frozen=True, slots=True)
class OneCard:
    """A register of a single card: all that a process judging one card needs to hold."""

    card: RegisteredCard

    def look_up(self, card_id: bytes) -> RegisteredCard:
        """Return the card if it is this one. Raises ``Refused`` (``staff-card.not-registered``)."""
        if card_id != self.card.card_id:
            raise Refused("staff-card.not-registered", "another card was looked up for this order")
        return self.card
