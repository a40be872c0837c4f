"""The outer structure of what a holder presents (RFC 9901, 4): read, not verified.

``<issuer-signed JWT>~<disclosure>~...~<key-binding JWT or nothing>``, in ASCII. The JSON serialisation of the
same (RFC 9901, 8) is optional in the profile and refused by its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256, sha384, sha512
from typing import Protocol

from dongui.encoding import strict_json
from dongui.encoding.jose import Jws, base64url_decode, base64url_encode, read_jws
from dongui.encoding.strict_json import JsonLimits, JsonObject, JsonValue
from dongui.errors import Refused

__all__ = ["MAX_DOCUMENT_BYTES", "Disclosure", "PresentedSdJwt", "read_presented"]

MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
MAX_DISCLOSURES = 512
_MAX_KEY_BINDING_BYTES = 16 * 1024
# Every disclosure is read on its own, so the two limits multiply: five hundred of two thousand members each
# are a second of work, and more than any document holds.
_PAYLOAD = JsonLimits(max_bytes=MAX_DOCUMENT_BYTES, max_depth=12, max_items=4_000)
_DISCLOSURE = JsonLimits(max_bytes=MAX_DOCUMENT_BYTES, max_depth=12, max_items=2_000)
_KEY_BINDING = JsonLimits(max_bytes=_MAX_KEY_BINDING_BYTES, max_depth=6, max_items=256)
_HASHES_BY_DEFAULT = "sha-256"  # RFC 9901, 4.1.1


class _Digest(Protocol):
    def digest(self) -> bytes: ...


# IANA, Named Information Hash Algorithm registry; RFC 9901, 10.4 keeps the truncated and broken ones out.
_HASHES: Mapping[str, Callable[[bytes], _Digest]] = {
    "sha-256": sha256,
    "sha-384": sha384,
    "sha-512": sha512,
}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One disclosure: its digest under the document's hash, and what it discloses.

    ``name`` is ``None`` for the element of an array (RFC 9901, 4.2.2).
    """

    encoded: str = field(repr=False)
    digest: str
    name: str | None
    value: JsonValue = field(repr=False)


@dataclass(frozen=True, slots=True)
class PresentedSdJwt:
    """A presentation, read. ``hashed`` is what a key-binding JWT's ``sd_hash`` is taken over.

    ``payload`` and ``key_binding_claims`` are the two tokens' claims, unverified.
    """

    issuer_signed: Jws
    payload: JsonObject = field(repr=False)
    disclosures: tuple[Disclosure, ...] = field(repr=False)
    key_binding: Jws | None
    key_binding_claims: JsonObject = field(repr=False)
    hashed: bytes = field(repr=False)
    hash_name: str

    def digest(self, data: bytes) -> str:
        """The digest under the document's own hash, as its digests are written."""
        return _digest(self.hash_name, data)


def read_presented(data: bytes | memoryview) -> PresentedSdJwt:
    """Read a presentation of at most 4 MiB and 512 disclosures; white space around it is no part of it.

    Raises ``Refused``: ``sd-jwt.not-a-document``, ``sd-jwt.too-large``, ``sd-jwt.json-serialisation``,
    ``sd-jwt.too-many-disclosures``, ``sd-jwt.hash-algorithm``, ``sd-jwt.disclosure-malformed``,
    ``sd-jwt.disclosure-repeated``, ``jose.*``.
    """
    jwt, encoded, binding = _split(_text(data))
    issuer_signed = read_jws(jwt, max_bytes=MAX_DOCUMENT_BYTES)
    payload = strict_json.loads_object(issuer_signed.payload, limits=_PAYLOAD)
    # RFC 9901, 7.1, 2 d: the hash is one that is understood; 4.1.1: sha-256 where none is named.
    hash_name = payload.get("_sd_alg", _HASHES_BY_DEFAULT)
    if not isinstance(hash_name, str) or hash_name not in _HASHES:
        raise Refused("sd-jwt.hash-algorithm", f"_sd_alg is none of {', '.join(_HASHES)}")
    disclosures = tuple(_disclosure(part, hash_name) for part in encoded)
    if len({disclosure.digest for disclosure in disclosures}) != len(disclosures):
        raise Refused("sd-jwt.disclosure-repeated", "a disclosure was sent twice")
    key_binding = read_jws(binding, max_bytes=_MAX_KEY_BINDING_BYTES) if binding else None
    return PresentedSdJwt(
        issuer_signed=issuer_signed,
        payload=payload,
        disclosures=disclosures,
        key_binding=key_binding,
        key_binding_claims=_claims(key_binding),
        # RFC 9901, 4.3.1: the JWT and the disclosures with every tilde, the last one included.
        hashed="".join(f"{part}~" for part in (jwt, *encoded)).encode("ascii"),
        hash_name=hash_name,
    )


def _text(data: bytes | memoryview) -> str:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise Refused("sd-jwt.too-large", f"{len(data)} bytes; the limit is {MAX_DOCUMENT_BYTES}")
    try:
        text = bytes(data).decode("ascii").strip(" \t\r\n")
    except UnicodeDecodeError:
        raise Refused("sd-jwt.not-a-document", "the bytes are not ASCII text") from None
    if text.startswith("{"):
        raise Refused("sd-jwt.json-serialisation", "the compact serialisation is read, not the one in JSON")
    return text


def _split(text: str) -> tuple[str, list[str], str]:
    parts = text.split("~", MAX_DISCLOSURES + 2)
    if len(parts) < 2:
        raise Refused("sd-jwt.not-a-document", "there is no tilde: this is no SD-JWT")
    jwt, *encoded, binding = parts
    if len(encoded) > MAX_DISCLOSURES:
        raise Refused("sd-jwt.too-many-disclosures", f"the limit is {MAX_DISCLOSURES}")
    return jwt, encoded, binding


def _disclosure(encoded: str, hash_name: str) -> Disclosure:
    value = strict_json.loads(base64url_decode(encoded), limits=_DISCLOSURE)
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise Refused("sd-jwt.disclosure-malformed", "a disclosure is an array of two or three")
    salt, *named, content = value
    name = named[0] if named else None
    if not isinstance(salt, str) or not isinstance(name, str | None):
        raise Refused("sd-jwt.disclosure-malformed", "a disclosure's salt and name are texts")
    # RFC 9901, 4.2.3: over the encoded text as received, because that is what the issuer hashed.
    return Disclosure(encoded, _digest(hash_name, encoded.encode("ascii")), name, content)


def _claims(key_binding: Jws | None) -> JsonObject:
    if key_binding is None:
        return {}
    return strict_json.loads_object(key_binding.payload, limits=_KEY_BINDING)


def _digest(hash_name: str, data: bytes) -> str:
    return base64url_encode(_HASHES[hash_name](data).digest())
