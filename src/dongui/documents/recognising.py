"""Which kind of document bytes claim to be, by how they begin. Believed is nothing: its reader judges.

A document that passes itself off as another kind is read as what it begins like, and refused there: no two
kinds begin alike, and none of their readers takes another's bytes.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from enum import StrEnum

from dongui.errors import Refused

__all__ = ["Kind", "is_picture", "kind_of_type", "recognise", "require_known", "unknown"]

# Enough for the longest mark there is: a JWT's header and payload are as long as they like.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SECURITY_OBJECT = b"\x77"  # ICAO 9303-10, 4.7.2: the tag EF.SOD begins with; in CBOR a text of 23 bytes
_MAPS = range(0xA0, 0xC0)  # RFC 8949, 3.1: major type 5, as DeviceResponse and IssuerSigned are
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
# RFC 9901, 4: an issuer-signed JWT in base64url, then a tilde. A JOSE header is a JSON object: eyJ or ey.
_SD_JWT = re.compile(rb"ey[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*~")
_SD_JWT_JSON = re.compile(rb"\s*\{\s*\"")
# RFC 9285's alphabet, and not hexadecimal digits alone. A code's text is short: 40-L holds 4,296 characters.
_BASE45 = re.compile(rb"[0-9A-Z $%*+\-./:]{24,4296}[\r\n]{0,2}")
_HEX = re.compile(rb"(?:[0-9A-F]{2})+\s*")
_TEXT_BYTES = 64
# RFC 8949, 3: the major types, what a length counts in those that have one, and how many bytes it takes.
_MAJOR_TYPES = (
    "a number",
    "a number",
    "a byte string",
    "a text",
    "an array",
    "a map",
    "a tag",
    "a simple value",
)
_SIZED = {2: "bytes", 3: "bytes", 4: "items"}
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}


class Kind(StrEnum):
    """The kinds of documents, as :attr:`.AuthenticatedDocument.kind` and receipts name them."""

    MDOC = "mdoc"
    PASSPORT = "passport"
    SD_JWT = "sd-jwt"
    STAFF_CARD = "staff-card"


def recognise(data: bytes | bytearray | memoryview) -> Kind:
    """Return the kind whose reader is to judge ``data``.

    A zip or EF.SOD first: a passport's files. A JWT with a tilde after it, or a JSON object: an SD-JWT
    credential. A PNG or JPEG picture, or Base45 text: the code of a card. Everything else: a mobile
    document, if it is anything (:func:`require_known`).
    """
    if bytes(data[:4]) in _ZIP or bytes(data[:1]) == _SECURITY_OBJECT:
        return Kind.PASSPORT
    if is_picture(data):
        return Kind.STAFF_CARD
    if _SD_JWT.match(data) or _SD_JWT_JSON.match(data):
        return Kind.SD_JWT
    if _BASE45.fullmatch(data) and not _HEX.fullmatch(data):
        return Kind.STAFF_CARD
    return Kind.MDOC


# Types that are one kind's by whoever defined them. Any other is a name that issuers agree on.
_KINDS_OF_TYPES = {
    "org.dongui.staff.1": Kind.MDOC,
    "icao.9303.emrtd": Kind.PASSPORT,
    "urn:eudi:pid:1": Kind.SD_JWT,
    "dongui.staff-card": Kind.STAFF_CARD,
    "mosip.claim-169": Kind.STAFF_CARD,
}
_ISO_DOC_TYPES = "org.iso."  # ISO/IEC 18013-5, 7.1: "org.iso.18013.5.1.mDL", and its relatives


def kind_of_type(document_type: str) -> Kind | None:
    """Return the one kind that documents of this type have; ``None`` where the type does not say."""
    if document_type.startswith(_ISO_DOC_TYPES):
        return Kind.MDOC
    return _KINDS_OF_TYPES.get(document_type)


def require_known(data: bytes | bytearray | memoryview) -> None:
    """Raise ``Refused`` (``document.kind-unknown``) where ``data`` begins like no kind of document.

    :func:`recognise` answers also then, so that whoever holds out a letter or an empty file in a session is
    refused where a receipt says so.
    """
    if recognise(data) is Kind.MDOC and (len(data) == 0 or data[0] not in _MAPS):
        raise unknown(data)


def unknown(data: bytes | bytearray | memoryview) -> Refused:
    """The failure for what is no document: how it begins, and what would be one. None of its contents."""
    return Refused(
        "document.kind-unknown",
        f"{_beginning(data)}; known are: a mobile document (CBOR that is a map, or hexadecimal or base64 of "
        "it), a passport's files (a folder or zip, with EF.SOD), an SD-JWT credential (text with tildes), a "
        "staff card's code (a picture, or its text)",
    )


def _beginning(data: bytes | bytearray | memoryview) -> str:
    """Say how ``data`` begins: as text, or as what stands where a mobile document's CBOR has its map."""
    if not len(data):
        return "it is empty"
    if _is_text(bytes(data[:_TEXT_BYTES])):
        return "it begins as text"
    major, size, left = _first_item(data)
    counted = "" if size is None else f" of {size} {_SIZED[major]}"
    return f"it begins as CBOR with {_MAJOR_TYPES[major]}{counted}, and {left} bytes follow"


def _first_item(data: bytes | bytearray | memoryview) -> tuple[int, int | None, int]:
    """Return the first item's major type, the length it declares if it has one, and how many bytes follow."""
    major, info = data[0] >> 5, data[0] & 31
    width = _WIDTHS.get(info, 0)
    head, left = bytes(data[1 : 1 + width]), len(data) - 1
    # RFC 8949, 3: the length is in the first byte or follows it; 28 to 31 say none.
    if major not in _SIZED or len(head) < width or info > max(_WIDTHS):
        return major, None, left
    return major, int.from_bytes(head, "big") if width else info, left - width


def _is_text(head: bytes) -> bool:
    try:
        text = getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter.isspace() for letter in text)


def is_picture(data: bytes | bytearray | memoryview) -> bool:
    """Whether ``data`` begins as a PNG or JPEG picture: of a card, its code is to be read from it first."""
    return any(bytes(data[: len(mark)]) == mark for mark in _PICTURES)
