"""Verifying a card: from the text of its code to an authenticated document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from dongui.documents.authenticated import AuthenticatedDocument, Element, HolderBinding, Treatment
from dongui.documents.staff_card.card_content import CardContent, open_number, read_content, subject_of
from dongui.documents.staff_card.claim_169 import CLAIM, IMAGE, Biometric, IdentityData, read_identity
from dongui.documents.staff_card.cwt import (
    STATUS,
    StaffCardIssuers,
    Token,
    VerifiedToken,
    read_token,
    verify_token,
)
from dongui.documents.staff_card.encryption import SiteKey, decrypt, is_encrypted
from dongui.documents.staff_card.register import CARD_ID_BYTES, CardRegister
from dongui.documents.staff_card.text import from_text
from dongui.documents.status.evidence import StatusEvidence
from dongui.documents.status.references import read_status
from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, Limits
from dongui.environment import Clock
from dongui.errors import Refused

__all__ = [
    "CLAIM_169_TYPE",
    "DOCUMENT_TYPE",
    "authenticate",
    "authenticate_claim_169",
    "card_id_of",
    "claimed_card_id",
    "claimed_fields",
]

DOCUMENT_TYPE = "dongui.staff-card"
CLAIM_169_TYPE = "mosip.claim-169"

_CANONICAL = Limits(max_bytes=4_096, max_depth=8, max_items=512)
_CWT_CLAIMS = {1: "iss", 2: "sub", 3: "aud", 4: "exp", 5: "nbf", 6: "iat", 7: "cti", STATUS: "status"}
_CHECKED = frozenset({"iss", "exp", "nbf", "iat", "status"})
_ENCRYPT0 = b"\xd0"  # RFC 9052, table 1: tag 16, encrypted under a key both sides share
_PICTURES = frozenset({0, 1, 2})  # "Image": PNG, JPEG, JPEG 2000


@dataclass(frozen=True, slots=True)
class _Card:
    token: VerifiedToken
    content: CardContent = field(repr=False)


def authenticate(
    data: str | bytes | memoryview,
    *,
    issuers: StaffCardIssuers,
    site_key: SiteKey,
    register: CardRegister,
    clock: Clock,
    status: StatusEvidence,
) -> AuthenticatedDocument:
    """Verify a Dongui card: the text of its QR code.

    ``register`` is asked for this one card; its secret opens the staff number. The document carries the
    protected template, and no portrait; the binding is *bearer*: whoever holds out the paper. Raises
    ``Refused`` with ``staff-card.*``, ``cbor.*``, ``cose.*``, ``status.*``; ``Undetermined`` and ``Trouble``
    with ``status.*``; ``Trouble`` (``staff-card.secret-mismatch``).
    """
    at = clock.now()
    # 1. The text, and decryption with this site's key.
    token = _open(data, site_key)
    # 2. The issuer's signature and the validity. 3. Every claim, in the one shape a card has.
    card = _verify(token, issuers, at)
    # 4. The issuer meant this site. The attack: another site, which could read its copy, encrypts it to ours.
    if site_key.public.audience not in card.content.audience:
        _refuse("staff-card.other-audience", "the issuer did not make this card for this site")
    # 5. The site's own register: a card whose secret was deleted is no card any more.
    registered = register.look_up(card.content.card_id)
    number = open_number(card.content.sealed_number, secret=registered.secret)
    # 6. The issuer's status list.
    if card.content.status is not None:
        status.check(read_status(card.content.status), issuer_keys=card.token.issuer_keys, at=at)
    return _document(card, number, at)


def authenticate_claim_169(
    data: str | bytes | memoryview, *, issuers: StaffCardIssuers, clock: Clock, status: StatusEvidence
) -> AuthenticatedDocument:
    """Verify a signed, unencrypted Claim 169 token of any issuer, to be looked at.

    A face picture in it (PNG, JPEG, JPEG 2000) becomes the portrait. Raises as :func:`authenticate`, but for
    what only a Dongui card has; ``staff-card.encrypted`` for one of those.
    """
    at = clock.now()
    content = from_text(data)
    if is_encrypted(content) or content[:1] == _ENCRYPT0:
        _refuse("staff-card.encrypted", "it is encrypted to certain sites; give this site's key")
    verified = verify_token(read_token(content), issuers=issuers, at=at)
    if CLAIM not in verified.claims:
        _refuse("staff-card.claim-missing", "the token has no claim 169")
    identity = read_identity(verified.claims[CLAIM])
    if STATUS in verified.claims:
        status.check(read_status(verified.claims[STATUS]), issuer_keys=verified.issuer_keys, at=at)
    return AuthenticatedDocument(
        kind="claim-169",
        document_type=CLAIM_169_TYPE,
        issuer=verified.issuer,
        signed_at=verified.signed_at,
        valid_from=verified.valid_from,
        valid_until=verified.valid_until,
        judged_at=at,
        holder_binding=HolderBinding.BEARER,
        elements=tuple(_elements(verified, checked=_CHECKED)),
        portrait=_portrait(identity),
        subject=None if identity.id is None else subject_of(verified.issuer, identity.id),
        issuer_signed=verified.digest,
    )


def claimed_card_id(data: str | bytes | memoryview, *, site_key: SiteKey) -> bytes:
    """Return the id the card claims, to look its secret up with: decrypted, nothing verified.

    Raises ``Refused`` as the first steps of :func:`authenticate`, and ``staff-card.card-id-malformed``.
    """
    card_id = _open(data, site_key).claims.get(7)
    if not isinstance(card_id, bytes) or len(card_id) != CARD_ID_BYTES:
        _refuse("staff-card.card-id-malformed", f"cti has not {CARD_ID_BYTES} bytes")
    return card_id


def card_id_of(document: AuthenticatedDocument) -> bytes:
    """Return the id of an authenticated card. ``ValueError`` for any other document."""
    for element in document.elements:
        if (element.namespace, element.identifier) == ("cwt", "cti") and isinstance(element.value, bytes):
            return element.value
    raise ValueError("this document has no card id")


def _open(data: str | bytes | memoryview, site_key: SiteKey) -> Token:
    content = from_text(data)
    if not is_encrypted(content):
        # Anybody could read the template of such a card; none was issued so.
        _refuse("staff-card.not-encrypted", "the code holds no encrypted card")
    return read_token(decrypt(content, site_key=site_key))


def _verify(token: Token, issuers: StaffCardIssuers, at: datetime) -> _Card:
    verified = verify_token(token, issuers=issuers, at=at)
    if token.message.unprotected or set(token.message.headers) != {1}:
        _refuse("staff-card.header-unknown", "a card's signature has one header, its algorithm")
    cbor.loads_canonical(token.message.payload or b"", limits=_CANONICAL)
    return _Card(verified, read_content(verified.claims))


def _document(card: _Card, number: str, at: datetime) -> AuthenticatedDocument:
    token = card.token
    return AuthenticatedDocument(
        kind="staff-card",
        document_type=DOCUMENT_TYPE,
        issuer=token.issuer,
        signed_at=token.signed_at,
        valid_from=token.valid_from,
        valid_until=token.valid_until,
        judged_at=at,
        holder_binding=HolderBinding.BEARER,
        elements=(
            *_elements(token, checked=_CHECKED | {"aud", "cti"}),
            Element("opened", "staff_number", number, Treatment.VERIFIED),
        ),
        portrait=None,
        subject=subject_of(token.issuer, number),
        # The id in it has 128 random bits, and the template looks like 1,024 more.
        issuer_signed=token.digest,
        template=card.content.template,
    )


def claimed_fields(token: Token) -> Iterator[tuple[str, str, object]]:
    """Return every field of a token: namespace, name and value. Raises ``staff-card.identity-malformed``."""
    for label, value in token.claims.items():
        if label != CLAIM:
            yield "cwt", _claim_name(label), value
    if CLAIM in token.claims:
        for attribute in read_identity(token.claims[CLAIM]).attributes:
            yield "claim-169", attribute.name, _shown(attribute.value)
    for label, value in (*token.message.headers.items(), *token.message.unprotected.items()):
        if label != 1:
            yield "header", str(label), value


def _claim_name(label: CborKey) -> str:
    return _CWT_CLAIMS.get(label, str(label)) if isinstance(label, int) else str(label)


def _elements(token: VerifiedToken, *, checked: frozenset[str]) -> Iterator[Element]:
    """Every field there is: the issuer's verified, what nobody checks or signed by name unverified."""
    defined = {each.name for each in read_identity(token.claims[CLAIM]).attributes if each.defined}
    for namespace, name, value in claimed_fields(Token(token.message, token.claims)):
        sure = name in {"cwt": checked, "claim-169": defined}.get(namespace, frozenset())
        yield Element(namespace, name, value, Treatment.VERIFIED if sure else Treatment.UNVERIFIED)


def _shown(value: object) -> object:
    """Of biometric data only kind and size: the data itself is in no list of fields."""
    if isinstance(value, tuple) and value and isinstance(value[0], Biometric):
        kinds = {IMAGE: "image", 1: "template", 2: "sound", 3: "bio hash"}
        return ", ".join(f"{kinds.get(each.form or 0, 'data')}, {len(each.data)} bytes" for each in value)
    return value


def _portrait(identity: IdentityData) -> bytes | None:
    pictures = [face.data for face in identity.faces if face.form == IMAGE and face.sub_format in _PICTURES]
    return pictures[0] if len(pictures) == 1 else None


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)
