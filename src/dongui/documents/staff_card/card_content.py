"""What a Dongui card says: its claims, written and read in exactly one shape.

No name stands in it, and the staff number only sealed with the card's secret, as the template is: without the
secrets, two cards of one person, decrypted, have nothing in common but their issuer. The name is printed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from dongui.documents.staff_card.claim_169 import (
    CLAIM,
    FACE,
    ID,
    TEMPLATE,
    Biometric,
    read_identity,
)
from dongui.documents.staff_card.cwt import AUD, CTI, EXP, IAT, ISS, NBF, STATUS
from dongui.documents.staff_card.register import CARD_ID_BYTES, SECRET_BYTES
from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue
from dongui.errors import Misuse, Refused, Trouble

__all__ = [
    "PROTECTED_TEMPLATE",
    "CardContent",
    "CardPerson",
    "open_number",
    "read_content",
    "seal_number",
    "subject_of",
]

PROTECTED_TEMPLATE = 100
"""The vendor-specific sub-format (100 to 200) under which a card carries Dongui's protected template."""

_REQUIRED = frozenset({ISS, AUD, EXP, IAT, CTI, CLAIM})
_ALLOWED = _REQUIRED | {NBF, STATUS}
_MAX_NUMBER_BYTES, _MAX_NAME_BYTES = 18, 60
_SEALED = re.compile(r"[A-Za-z0-9_-]{24}")
_NUMBER_LABEL = b"dongui staff number 1\x00"
_MAX_TEMPLATE_BYTES = 160


@dataclass(frozen=True, slots=True)
class CardPerson:
    """Whose card it is: the staff number, unique with the issuer (1 to 18 bytes), and the name (1 to 60).

    Raises ``Misuse`` (``staff-card.person-malformed``). ``repr`` shows neither.
    """

    number: str = field(repr=False)
    name: str = field(repr=False)

    def __post_init__(self) -> None:
        for what, value, limit in (
            ("staff number", self.number, _MAX_NUMBER_BYTES),
            ("name", self.name, _MAX_NAME_BYTES),
        ):
            size = len(value.encode("utf-8", "replace"))
            if not value.strip() or not value.isprintable() or size > limit:
                raise Misuse(
                    "staff-card.person-malformed",
                    f"the {what} has {size} bytes; it needs 1 to {limit} of printable characters",
                )


@dataclass(frozen=True, slots=True)
class CardContent:
    """The claims of a Dongui card, but for issuer and moments.

    ``sealed_number``: of :func:`seal_number`; ``audience``: the sites' short names.
    """

    card_id: bytes
    sealed_number: str
    audience: tuple[str, ...]
    template: bytes = field(repr=False)
    status: CborValue

    def to_claims(self) -> dict[CborKey, CborValue]:
        """Write the claims; :func:`read_content` reads them."""
        face: CborValue = [{0: self.template, 1: TEMPLATE, 2: PROTECTED_TEMPLATE}]
        claims: dict[CborKey, CborValue] = {
            AUD: list(self.audience),
            CTI: self.card_id,
            CLAIM: {ID: self.sealed_number, FACE: face},
        }
        return claims if self.status is None else {**claims, STATUS: self.status}


def seal_number(number: str, *, secret: bytes) -> str:
    """Return the staff number as a card carries it: 24 characters that without the secret say nothing.

    Padded to 18 bytes, so that its length does not show either, and added bit by bit to a stream that follows
    from the card's secret. The issuer's signature keeps it from being changed.
    """
    content = number.encode().ljust(_MAX_NUMBER_BYTES, b"\0")
    return urlsafe_b64encode(_with_stream(content, secret)).decode()


def open_number(sealed: str, *, secret: bytes) -> str:
    """Return what :func:`seal_number` was given.

    Raises ``Trouble`` (``staff-card.secret-mismatch``) where this secret makes no number of it: a register
    and a card that do not belong together, which says nothing about the person.
    """
    content = _with_stream(urlsafe_b64decode(sealed), secret).rstrip(b"\0")
    number = content.decode("utf-8", "replace")
    if not number.strip() or not number.isprintable() or number.encode() != content:
        raise Trouble("staff-card.secret-mismatch", "the register's secret does not open the staff number")
    return number


def _with_stream(content: bytes, secret: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a card's secret has {SECRET_BYTES} bytes")
    stream = hmac.digest(secret, _NUMBER_LABEL, hashlib.sha256)
    return bytes(one ^ other for one, other in zip(content, stream, strict=False))


def read_content(claims: Mapping[CborKey, CborValue]) -> CardContent:
    """Read the claims of a Dongui card: nothing missing, nothing more.

    Raises ``Refused``: ``staff-card.claim-missing``, ``staff-card.claim-unknown``,
    ``staff-card.card-id-malformed``, ``staff-card.audience-malformed``, ``staff-card.identity-malformed``,
    ``staff-card.template-missing``.
    """
    if missing := _REQUIRED - claims.keys():
        _refuse("staff-card.claim-missing", f"{len(missing)} claim(s) every card has are missing")
    if unknown := claims.keys() - _ALLOWED:
        # A field nobody checks is a field somebody will one day rely on.
        _refuse("staff-card.claim-unknown", f"{len(unknown)} claim(s) no card has are there")
    card_id = claims[CTI]
    if not isinstance(card_id, bytes) or len(card_id) != CARD_ID_BYTES:
        _refuse("staff-card.card-id-malformed", f"cti has not {CARD_ID_BYTES} bytes")
    sealed, template = _identity(claims[CLAIM])
    return CardContent(card_id, sealed, _audience(claims[AUD]), template, claims.get(STATUS))


def subject_of(issuer: str, number: str) -> bytes:
    """Return the person's canonical name to the issuer: for keyed handles alone."""
    return cbor.dumps(["staff-card", issuer, number])


def _identity(value: CborValue) -> tuple[str, bytes]:
    identity = read_identity(value)
    unknown = [each for each in identity.attributes if each.name not in {"id", "face"}]
    if identity.id is None or not _SEALED.fullmatch(identity.id) or unknown:
        _refuse("staff-card.identity-malformed", "a card's identity is a sealed id and a face")
    return identity.id, _template(identity.faces)


def _template(faces: tuple[Biometric, ...]) -> bytes:
    kinds = [(face.form, face.sub_format, face.issuer) for face in faces]
    if kinds != [(TEMPLATE, PROTECTED_TEMPLATE, None)] or len(faces[0].data) > _MAX_TEMPLATE_BYTES:
        _refuse("staff-card.template-missing", "the face is not one protected template of Dongui's form")
    return faces[0].data


def _audience(value: CborValue) -> tuple[str, ...]:
    names = tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
    if not names or len(names) != len(value if isinstance(value, list) else ()):
        _refuse("staff-card.audience-malformed", "aud is not a list of sites")
    return names


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)
