"""The mobile security object: what the issuer signed (ISO/IEC 18013-5:2021, 9.1.2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256, sha384, sha512
from typing import Protocol

from dongui.documents.mdoc.fields import Fields, label, text_keys
from dongui.documents.mdoc.validity import Validity, read_validity
from dongui.documents.status import StatusReference
from dongui.documents.status.references import read_status
from dongui.encoding import cbor, cose_key
from dongui.encoding.cbor import CborKey, CborValue, EmbeddedCbor, Limits
from dongui.encoding.cose import PublicKey
from dongui.errors import Refused, Undetermined

__all__ = ["KeyAuthorizations", "SecurityObject", "read_security_object"]

_MSO = Limits(max_bytes=512 * 1024, max_depth=12, max_items=20_000)
_MALFORMED = "mdoc.mso-malformed"
_AUTHORIZATIONS = "mdoc.key-authorizations-malformed"


class _Digest(Protocol):
    @property
    def digest_size(self) -> int: ...

    def digest(self) -> bytes: ...


# Table 21. SHA-1 and the rest are not in it and are refused by name.
_DIGESTS: Mapping[str, Callable[[bytes | memoryview], _Digest]] = {
    "SHA-256": sha256,
    "SHA-384": sha384,
    "SHA-512": sha512,
}


@dataclass(frozen=True, slots=True)
class KeyAuthorizations:
    """What the device key may sign: whole namespaces, or single elements of others. By default nothing."""

    namespaces: frozenset[str] = frozenset()
    elements: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def check(self, namespace: str, identifier: str) -> None:
        """Raises ``mdoc.device-namespace-unauthorized`` or ``mdoc.device-element-unauthorized``."""
        if namespace in self.namespaces:
            return
        if namespace not in self.elements:
            raise Refused("mdoc.device-namespace-unauthorized", f"the device signed {label(namespace)}")
        if identifier not in self.elements[namespace]:
            raise Refused(
                "mdoc.device-element-unauthorized",
                f"the device signed {label(identifier)} in {label(namespace)}",
            )


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """The security object, read. ``digests`` maps each namespace to its digest identifiers."""

    document_type: str
    digest: Callable[[bytes | memoryview], _Digest] = field(repr=False)
    digests: Mapping[str, Mapping[int, bytes]] = field(repr=False)
    device_key: PublicKey = field(repr=False)
    authorizations: KeyAuthorizations
    validity: Validity
    status: StatusReference | None


def read_security_object(payload: bytes) -> SecurityObject:
    """Read the payload of a verified issuerAuth.

    Raises ``Refused``: ``cbor.*``, ``mdoc.mso-malformed``, ``mdoc.mso-version``, ``mdoc.unknown-field``,
    ``mdoc.digest-algorithm``, ``mdoc.digest-length``, ``mdoc.device-key``,
    ``mdoc.key-authorizations-malformed``, ``mdoc.date-form``, ``status.reference-malformed``;
    ``Undetermined``: ``mdoc.status-unchecked``.
    """
    tagged = cbor.loads(payload, limits=_MSO)
    if not isinstance(tagged, EmbeddedCbor):
        raise Refused(_MALFORMED, "the payload is not a tagged item")
    mso = Fields(cbor.loads(tagged.content, limits=_MSO), where="the security object", failure=_MALFORMED)
    version = mso.text("version")
    if version != "1.0":
        raise Refused("mdoc.mso-version", f"version {label(version)}; 1.0 is supported")
    digest = _digest(mso.text("digestAlgorithm"))
    digests = _digests(mso.texts("valueDigests"), digest(b"").digest_size)
    device_key, authorizations = _device_key_info(mso.fields("deviceKeyInfo"))
    found = SecurityObject(
        document_type=mso.text("docType"),
        digest=digest,
        digests=digests,
        device_key=device_key,
        authorizations=authorizations,
        validity=read_validity(mso.fields("validityInfo")),
        status=_status(mso.texts("status")) if mso.has("status") else None,
    )
    mso.finish()
    return found


def _status(status: Mapping[str, CborValue]) -> StatusReference:
    if "status_list" not in status:
        # The issuer says: ask me whether this still holds. Not asking would be to answer for it.
        raise Undetermined(
            "mdoc.status-unchecked", "the security object refers to no status list but another way"
        )
    return read_status(status)


def _digest(name: str) -> Callable[[bytes | memoryview], _Digest]:
    if name not in _DIGESTS:
        raise Refused("mdoc.digest-algorithm", f"{label(name)}; allowed are {', '.join(_DIGESTS)}")
    return _DIGESTS[name]


def _digests(value: Mapping[str, CborValue], size: int) -> dict[str, dict[int, bytes]]:
    found: dict[str, dict[int, bytes]] = {}
    for namespace, listed in value.items():
        if not isinstance(listed, dict) or not listed:
            raise Refused(_MALFORMED, f"{label(namespace)} does not map identifiers to digests")
        found[namespace] = {_identifier(key): _of_size(digest, size) for key, digest in listed.items()}
    return found


def _identifier(key: CborKey) -> int:
    if not isinstance(key, int) or key < 0:
        raise Refused(_MALFORMED, "a digest identifier is not an unsigned integer")
    return key


def _of_size(digest: CborValue, size: int) -> bytes:
    if not isinstance(digest, bytes):
        raise Refused(_MALFORMED, "a digest is not a byte string")
    if len(digest) != size:
        raise Refused("mdoc.digest-length", f"a digest of {len(digest)} bytes; its algorithm makes {size}")
    return digest


def _device_key_info(info: Fields) -> tuple[PublicKey, KeyAuthorizations]:
    try:
        key = cose_key.read_public_key(info.take("deviceKey"))
    except Refused as refusal:
        if refusal.name != "cose.key-malformed":
            raise
        raise Refused("mdoc.device-key", f"deviceKey: {refusal.detail}") from None
    authorizations = KeyAuthorizations()
    if info.has("keyAuthorizations"):
        authorizations = _authorizations(info.take("keyAuthorizations"))
    if info.has("keyInfo"):
        info.map("keyInfo")  # 9.1.2.4: "additional information about the key"; nothing here relies on it
    info.finish()
    return key, authorizations


def _authorizations(value: CborValue) -> KeyAuthorizations:
    fields = Fields(value, where="keyAuthorizations", failure=_AUTHORIZATIONS)
    namespaces = _names(fields.array("nameSpaces")) if fields.has("nameSpaces") else frozenset()
    elements = {}
    if fields.has("dataElements"):
        listed = text_keys(fields.map("dataElements"), where="dataElements", failure=_AUTHORIZATIONS)
        elements = {namespace: _names(names) for namespace, names in listed.items()}
    fields.finish()
    if namespaces & elements.keys():  # 9.1.2.4: a namespace in one shall not be in the other
        raise Refused(_AUTHORIZATIONS, "a namespace is authorized whole and in part")
    return KeyAuthorizations(namespaces, elements)


def _names(value: CborValue) -> frozenset[str]:
    names = value if isinstance(value, list) else []
    found = frozenset(name for name in names if isinstance(name, str) and name)
    if not names or len(found) != len(names):
        raise Refused(_AUTHORIZATIONS, "a list of names is empty, repeats one, or holds something else")
    return found
