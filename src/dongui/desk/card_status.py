"""The issuer's status list: the places of its lost cards, marked and signed."""

from __future__ import annotations

from datetime import timedelta

from dongui.desk.cards import CardRoom
from dongui.documents.status.issuing import REVOKED, sign_status_list
from dongui.errors import Misuse

__all__ = ["MAX_STATUSES", "card_status_list"]

MAX_STATUSES = 2**24
_FEWEST = 1024


def card_status_list(room: CardRoom, uri: str, *, size: int | None, lifetime: timedelta) -> bytes:
    """Return the list at ``uri`` for publication, a JWT signed with the key that signs the cards.

    Every revoked card whose place is in this list is marked until the card's end. ``size``: places there are;
    by default a power of two that holds the register's, 1,024 at least, so that the list does not tell how
    many cards there are. Raises ``Misuse`` (``card.status-list-too-large``); ``Trouble``
    (``clock.implausible``).
    """
    placed = [
        (entry.status.index, entry.revoked)
        for entry in room.register.list_cards()
        if entry.status is not None and entry.status.uri == uri
    ]
    needed = 1 + max((index for index, _ in placed), default=0)
    chosen = max(_FEWEST, 1 << (needed - 1).bit_length()) if size is None else size
    if not needed <= chosen <= MAX_STATUSES:
        raise Misuse("card.status-list-too-large", f"{needed} places are needed; {chosen} were to be written")
    lost = {index: REVOKED for index, revoked in placed if revoked}
    return sign_status_list(
        uri, lost, size=chosen, key=room.issuer.key, lifetime=lifetime, clock=room.desk.clock
    )
