"""Where a card is held out: its code read from pictures, opened with the desk's own key, looked up there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dongui.cli.desk_option import open_desk
from dongui.cli.output import progress
from dongui.desk import Desk
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.recognising import is_picture
from dongui.documents.staff_card.register import CardRegister
from dongui.documents.staff_card.text import CARD_PREFIX
from dongui.memory import SecretBuffer

__all__ = ["CardSite", "card_site", "code_of", "site_at"]


@dataclass(frozen=True, slots=True)
class CardSite:
    """Whom to believe, with this site's key where the document needs it, and the register to ask."""

    trust: DocumentTrust
    cards: CardRegister | None


def code_of(document: SecretBuffer) -> SecretBuffer:
    """Return the document; of a picture the text of the code in it, read in a process of its own.

    Raises as :func:`dongui.desk.card_reading.read_card`.
    """
    if not is_picture(document.view):
        return document
    from dongui.desk.card_reading import read_card, start_reader

    with progress("Reading the code.", "코드를 읽는 중입니다.") as say, start_reader(progress=say) as reader:
        text = read_card([document], reader=reader)
    document.wipe()
    return text


@contextmanager
def card_site(document: SecretBuffer, trust: DocumentTrust, desk: Desk) -> Iterator[CardSite]:
    """Open the desk's card room for a card that is encrypted to it; for anything else leave it closed.

    Raises ``Misuse``: ``card.not-prepared``.
    """
    if trust.staff_card is None or bytes(document.view[: len(CARD_PREFIX)]) != CARD_PREFIX.encode():
        yield CardSite(trust, None)
        return
    from dongui.desk.cards import CardRoom

    with CardRoom(desk) as room:
        believed = replace(trust.staff_card, site_key=room.site_key)
        yield CardSite(replace(trust, staff_card=believed), room.register)


@contextmanager
def site_at(document: SecretBuffer, trust: DocumentTrust, desk: Path | None) -> Iterator[CardSite]:
    """As :func:`card_site`, at a desk that need not be given."""
    if desk is None or trust.staff_card is None:
        yield CardSite(trust, None)
        return
    with open_desk(desk) as opened, card_site(document, trust, opened) as site:
        yield site
