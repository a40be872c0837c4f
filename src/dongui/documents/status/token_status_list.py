"""Reading a Token Status List (draft-ietf-oauth-status-list): the signed token and the bits in it.

Two forms say the same: a JWT (``statuslist+jwt``) and a CWT (``application/statuslist+cwt``). Reading
verifies no signature; :meth:`StatusListToken.is_signed_by` does. Whatever is wrong with a list is
``Trouble``: it says that the list is of no use, and nothing about the documents it lists.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NoReturn

from dongui.encoding import cbor, cose, jose, strict_json
from dongui.encoding.cbor import CborKey, CborValue, Limits, Tagged
from dongui.encoding.cose import PublicKey
from dongui.encoding.jose import JWS_ALGORITHMS
from dongui.encoding.strict_json import JsonLimits, JsonValue
from dongui.errors import Refused, Trouble

__all__ = ["MAX_LIST_BYTES", "MAX_STATUSES_BYTES", "StatusListToken", "read_status_list"]

MAX_LIST_BYTES = 8 * 1024 * 1024
MAX_STATUSES_BYTES = 16 * 1024 * 1024
"""What a list may hold once decompressed: 134 million statuses of one bit."""

_JSON = JsonLimits(max_bytes=MAX_LIST_BYTES, max_depth=8, max_items=512)
_CBOR = Limits(max_bytes=MAX_LIST_BYTES, max_depth=8, max_items=512)
_CHUNK_BYTES = 64 * 1024
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
_MAX_URI_CHARACTERS = 2_048
# CWT claims (RFC 8392, 3.1; the list's own two) and header (RFC 9596).
_SUB, _EXP, _IAT, _TTL, _STATUS_LIST, _TYPE = 2, 4, 6, 65534, 65533, 16
_SIGN1_TAG = 18


@dataclass(frozen=True, slots=True)
class StatusListToken:
    """A status list as read. ``uri`` is its ``sub``; ``compressed`` the statuses, each of ``bits`` bits.

    ``chain`` are the certificates it brought, the signer's first, or ``None``.
    """

    form: Literal["jwt", "cwt"]
    uri: str
    issued_at: datetime
    expires: datetime | None
    time_to_live: timedelta | None
    bits: int
    compressed: bytes = field(repr=False)
    chain: tuple[bytes, ...] | None = field(repr=False)
    _check: Callable[[PublicKey], object] = field(repr=False, compare=False)

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether this key verifies the signature, under the one algorithm that goes with it."""
        try:
            self._check(key)
        except Refused:
            return False
        return True

    def status(self, index: int) -> int | None:
        """The status at ``index``, or ``None`` where the list ends before it.

        Decompresses at most 16 MiB, in pieces, and keeps none of it. Raises ``Trouble``
        (``status.list-malformed``): no zlib stream, one that is cut off or followed by something, too much.
        """
        place, offset = divmod(index * self.bits, 8)
        byte = _byte_at(self.compressed, place)
        return None if byte is None else byte >> offset & (1 << self.bits) - 1

    def count(self) -> int:
        """How many statuses there are. Raises as :meth:`status`."""
        return sum(len(piece) for piece in _pieces(self.compressed)) * 8 // self.bits


def read_status_list(data: bytes) -> StatusListToken:
    """Read a list of at most 8 MiB in either form. Raises ``Trouble`` (``status.list-malformed``)."""
    if len(data) > MAX_LIST_BYTES:
        _malformed(f"{len(data)} bytes; the limit is {MAX_LIST_BYTES}")
    try:
        text = data.strip(b" \t\r\n")
        return _read_jwt(text.decode("ascii")) if text.startswith(b"ey") else _read_cwt(data)
    except UnicodeDecodeError:
        _malformed("a token that begins as text goes on as something else")
    except Refused as refusal:
        _malformed(str(refusal))


def _read_jwt(text: str) -> StatusListToken:
    token = jose.read_jws(text, max_bytes=MAX_LIST_BYTES)
    # 5.1: the type keeps any other token of the issuer's from being read as a list.
    if token.type != "statuslist+jwt":
        _malformed("typ is not statuslist+jwt")
    claims = strict_json.loads_object(token.payload, limits=_JSON)
    listed = claims.get("status_list")
    if not isinstance(listed, dict):
        _malformed("status_list is missing")
    encoded = listed.get("lst")
    return StatusListToken(
        form="jwt",
        uri=_uri(claims.get("sub")),
        issued_at=_required_moment(claims.get("iat")),
        expires=_moment(claims.get("exp")),
        time_to_live=_duration(claims.get("ttl")),
        bits=_bits(listed.get("bits")),
        compressed=jose.base64url_decode(encoded) if isinstance(encoded, str) else _malformed("no lst"),
        chain=jose.x5c(token),
        _check=lambda key: jose.verify_jws(token, key=key, algorithms=JWS_ALGORITHMS),
    )


def _read_cwt(data: bytes) -> StatusListToken:
    value = cbor.loads(data, limits=_CBOR)
    # 5.2: COSE_Sign1 with its tag and without the CWT tag. A MAC's key would have to be shared with us.
    if not isinstance(value, Tagged) or value.number != _SIGN1_TAG:
        _malformed("it is neither a JWT nor a tagged COSE_Sign1")
    message = cose.read_sign1(value)
    if message.headers.get(_TYPE) != "application/statuslist+cwt":
        _malformed("the protected type is not application/statuslist+cwt")
    claims = _map(cbor.loads(message.payload or b"", limits=_CBOR), "the claims")
    listed = _map(claims.get(_STATUS_LIST), "the status list")
    compressed = listed.get("lst")
    return StatusListToken(
        form="cwt",
        uri=_uri(claims.get(_SUB)),
        issued_at=_required_moment(claims.get(_IAT)),
        expires=_moment(claims.get(_EXP)),
        time_to_live=_duration(claims.get(_TTL)),
        bits=_bits(listed.get("bits")),
        compressed=compressed if isinstance(compressed, bytes) else _malformed("no lst"),
        chain=cose.x5chain(message) if _has_chain(message) else None,
        _check=lambda key: cose.verify_sign1(message, key=key, algorithms=cose.SIGNATURE_ALGORITHMS),
    )


def _has_chain(message: cose.CoseMessage) -> bool:
    return 33 in message.headers or 33 in message.unprotected  # RFC 9360


def _map(value: CborValue, what: str) -> dict[CborKey, CborValue]:
    return value if isinstance(value, dict) else _malformed(f"{what} are no map")


def _uri(value: JsonValue | CborValue) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_URI_CHARACTERS:
        _malformed(f"sub is not a text of 1 to {_MAX_URI_CHARACTERS} characters")
    return value


def _required_moment(value: JsonValue | CborValue) -> datetime:
    return _moment(value) or _malformed("iat is missing")


def _moment(value: JsonValue | CborValue) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        _malformed("a moment is not a number of seconds since 1970")
    return datetime.fromtimestamp(int(value), UTC)


def _duration(value: JsonValue | CborValue) -> timedelta | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LAST_SECOND:
        _malformed("ttl is not a positive number of seconds")
    return timedelta(seconds=int(value))


def _bits(value: JsonValue | CborValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in (1, 2, 4, 8):
        _malformed("bits is none of 1, 2, 4, 8")
    return value


def _byte_at(compressed: bytes, place: int) -> int | None:
    found, passed = None, 0
    # To the end also where the byte was found: the stream's checksum stands there.
    for piece in _pieces(compressed):
        if passed <= place < passed + len(piece):
            found = piece[place - passed]
        passed += len(piece)
    return found


def _pieces(compressed: bytes) -> Iterator[bytes]:
    """The decompressed statuses (RFC 1950), piece by piece, bounded whatever the stream promises."""
    stream = zlib.decompressobj()
    left, rest = MAX_STATUSES_BYTES, compressed
    try:
        while not stream.eof:
            piece = stream.decompress(rest, _CHUNK_BYTES)
            rest = stream.unconsumed_tail
            left -= len(piece)
            if left < 0:
                _malformed(f"the statuses take more than {MAX_STATUSES_BYTES} bytes")
            if not piece and not rest and not stream.eof:
                _malformed("the compressed statuses are cut off")
            yield piece
    except zlib.error:
        _malformed("the statuses are no zlib stream")
    if stream.unused_data:
        _malformed("something follows the compressed statuses")


def _malformed(why: str) -> NoReturn:
    raise Trouble("status.list-malformed", f"the status list cannot be read: {why}")
