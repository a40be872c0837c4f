"""A card at more than one site: its secret passed on, and its revocation."""

from __future__ import annotations

from datetime import timedelta

from dongui.consent.purpose import RegisteredPurpose
from dongui.desk.cards import CardRoom
from dongui.documents.staff_card.between_sites import (
    open_secret,
    read_revocation,
    seal_secret,
    sign_revocation,
)
from dongui.documents.staff_card.cwt import StaffCardIssuers
from dongui.documents.staff_card.encryption import SitePublicKey
from dongui.errors import Misuse, Refused
from dongui.storage.sqlite.card_register import CardEntry

__all__ = ["accept_secret", "apply_revocation", "export_secret", "revocation_notice"]


def export_secret(room: CardRoom, card_id: bytes, site: SitePublicKey, *, valid_for: timedelta) -> bytes:
    """Return a card's secret, signed, encrypted to ``site`` and good for ``valid_for``.

    That the site holds it is in the register before it can. Raises ``Misuse``: ``card.unknown``,
    ``card.not-ours`` (another desk's issuer made it), ``card.site-not-named`` (it is not encrypted to that
    site), ``staff-card.validity-malformed``; ``Refused`` (``staff-card.revoked``); ``Trouble``:
    ``storage.*``.
    """
    _require_ours(room, card_id)
    card, desk = room.register.look_up(card_id), room.desk
    sealed = seal_secret(
        card, issuer=room.issuer, site=site, valid_for=valid_for, clock=desk.clock, entropy=desk.entropy
    )
    room.register.give_to(card_id, site=site.raw)
    return sealed


def accept_secret(
    room: CardRoom,
    data: bytes,
    *,
    issuers: StaffCardIssuers,
    purpose: RegisteredPurpose,
    consent_record: bytes,
) -> CardEntry:
    """Register another site's card here, under a consent given here; return its entry.

    Whose card it is stands on the card alone: that it is the one of whoever consented is proved when the card
    is used. Raises ``Refused``: as :func:`.open_secret`, ``staff-card.revoked`` (revoked here before, or its
    issuer's notice came first), ``consent.*``, ``purpose.document-not-accepted``; ``Misuse``:
    ``card.already-registered``, ``consent.unknown-record``; ``Trouble``: ``storage.*``.
    """
    received = open_secret(data, issuers=issuers, site_key=room.site_key, clock=room.desk.clock)
    room.require_covered(purpose, consent_record)
    room.register.register(received.card, consent_record=consent_record, status=None, issuer=received.issuer)
    return room.register.show(received.card.card_id)


def revocation_notice(room: CardRoom, card_id: bytes) -> bytes:
    """Return the signed notice of a revoked card, for the sites that hold its secret.

    Raises ``Misuse``: ``card.unknown``, ``card.not-ours``, ``card.not-revoked``.
    """
    entry = _require_ours(room, card_id)
    if not entry.revoked:
        raise Misuse("card.not-revoked", f"{card_id.hex()} works here")
    return sign_revocation(card_id, valid_until=entry.valid_until, issuer=room.issuer, clock=room.desk.clock)


def apply_revocation(room: CardRoom, data: bytes, *, issuers: StaffCardIssuers) -> bytes:
    """Revoke a card its issuer revoked; return its id. One that was never accepted here never will be.

    Raises ``Refused``: as :func:`.read_revocation`; ``card.other-issuer`` (nobody revokes another's cards,
    nor this desk's own); ``Misuse`` (``card.already-revoked``); ``Trouble``: ``log.*``, ``storage.*``.
    """
    notice = read_revocation(data, issuers=issuers, clock=room.desk.clock)
    if not room.register.knows(notice.card_id):
        room.register.refuse_later(notice.card_id, issuer=notice.issuer, ends=notice.valid_until)
    elif room.register.issuer_of(notice.card_id) != notice.issuer:
        raise Refused("card.other-issuer", "the notice is not by the issuer this card came from")
    else:
        room.revoke(notice.card_id)
    return notice.card_id


def _require_ours(room: CardRoom, card_id: bytes) -> CardEntry:
    entry = room.register.show(card_id)
    if room.register.issuer_of(card_id) is not None:
        raise Misuse("card.not-ours", f"{card_id.hex()} was made elsewhere; its own desk speaks for it")
    return entry
