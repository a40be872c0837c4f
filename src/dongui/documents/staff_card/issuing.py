"""Issuing a card: signed by its issuer, then encrypted to each site that may read it.

Signed first, so that whoever carries the card cannot see, and not replace, who vouches for what; the sites'
names are inside the signature, so that no site can pass a card on to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from dongui.documents.staff_card.card_content import CardContent, seal_number
from dongui.documents.staff_card.cwt import EXP, IAT, ISS
from dongui.documents.staff_card.encryption import SitePublicKey, encrypt
from dongui.documents.staff_card.register import CARD_ID_BYTES
from dongui.documents.staff_card.text import to_text
from dongui.documents.status import StatusReference
from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue, Tagged
from dongui.encoding.cose import PrivateKey, sign1
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse

if TYPE_CHECKING:
    import segno

__all__ = ["MAX_QR_VERSION", "MAX_VALIDITY", "StaffCard", "StaffCardIssuer", "issue", "make_code"]

MAX_QR_VERSION = 18
"""At level M: 816 characters, 544 bytes, 39 mm with modules of 0.4 mm and its quiet zone."""
MAX_CHARACTERS = 816
MAX_VALIDITY = timedelta(days=3 * 366)

_SIGN1_TAG = 18
_MAX_NAME = 40


@dataclass(frozen=True, slots=True)
class StaffCardIssuer:
    """Who issues: the name verifiers hold its keys under (1 to 40 of ``!`` to ``~``), and the signing key.

    Ed25519 or P-256. Raises ``Misuse`` (``staff-card.issuer-malformed``).
    """

    name: str
    key: PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= _MAX_NAME or not all("!" <= each <= "~" for each in self.name):
            raise Misuse(
                "staff-card.issuer-malformed", f"a name is 1 to {_MAX_NAME} of the characters ! to ~"
            )
        if isinstance(self.key, EllipticCurvePrivateKey) and self.key.curve.name != "secp256r1":
            raise Misuse("staff-card.issuer-malformed", "the key is neither Ed25519 nor on P-256")


@dataclass(frozen=True, slots=True)
class StaffCard:
    """An issued card. ``text`` is what its QR code holds; ``card_id`` 16 random bytes."""

    card_id: bytes
    text: str = field(repr=False)
    valid_until: datetime


def issue(
    number: str,
    template: bytes,
    *,
    secret: bytes,
    issuer: StaffCardIssuer,
    sites: Sequence[SitePublicKey],
    valid_for: timedelta,
    status: StatusReference | None,
    clock: Clock,
    entropy: Entropy,
) -> StaffCard:
    """Issue a card with a protected template, valid from now.

    ``number`` is a :class:`.card_content.CardPerson`'s; ``secret`` the one the template was protected with.
    Each call draws a new id, content key and ephemeral keys: two cards of one person have nothing in common
    that is readable without a site's key. Raises ``Misuse``: ``staff-card.validity-malformed``,
    ``staff-card.no-sites``, ``staff-card.too-many-sites``, ``staff-card.too-large`` (no QR code of version 18
    at level M holds it).
    """
    if not timedelta(0) < valid_for <= MAX_VALIDITY:
        raise Misuse("staff-card.validity-malformed", f"valid for {valid_for}; at most {MAX_VALIDITY}")
    now = clock.now().replace(microsecond=0)
    content = CardContent(
        entropy.draw(CARD_ID_BYTES),
        seal_number(number, secret=secret),
        tuple(site.audience for site in sites),
        template,
        None if status is None else _reference(status),
    )
    moments: dict[CborKey, CborValue] = {
        ISS: issuer.name,
        IAT: int(now.timestamp()),
        EXP: int((now + valid_for).timestamp()),
    }
    payload = cbor.dumps(content.to_claims() | moments)
    signed = cbor.dumps(Tagged(_SIGN1_TAG, sign1(payload, key=issuer.key).to_cbor()))
    text = to_text(encrypt(signed, sites=sites, entropy=entropy))
    if len(text) > MAX_CHARACTERS:
        raise _too_large(text)
    return StaffCard(content.card_id, text, now + valid_for)


def make_code(text: str) -> segno.QRCode:
    """Return the card's QR code, level M. Raises ``Misuse`` (``staff-card.too-large``)."""
    # What draws takes as long to load as a code to draw, and who issues a card may draw none.
    import segno

    try:
        code = segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False)
    except segno.DataOverflowError:
        raise _too_large(text) from None
    if int(code.version) > MAX_QR_VERSION:
        raise _too_large(text)
    return code


def _too_large(text: str) -> Misuse:
    return Misuse(
        "staff-card.too-large",
        f"{len(text)} characters; a QR code of version {MAX_QR_VERSION}-M holds {MAX_CHARACTERS}. "
        "Name fewer sites, or shorten name, issuer or status list",
    )


def _reference(status: StatusReference) -> CborValue:
    return {"status_list": {"idx": status.index, "uri": status.uri}}
