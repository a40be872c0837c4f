"""An IssuerSigned structure as its holder reads it: parsed, not judged. Judging is the verifier's part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dongui.encoding.cbor import CborKey, CborValue, EmbeddedCbor, Limits, loads
from dongui.encoding.cose import PublicKey, read_sign1
from dongui.encoding.cose_key import read_public_key
from dongui.errors import Misuse, Refused

__all__ = ["HeldDocument"]

_LIMITS = Limits(max_bytes=2 * 1024 * 1024, max_depth=16, max_items=8192)


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """What a holder needs: the type, the key the document is bound to, the items as the issuer wrote them.

    ``items`` are by namespace and element identifier, in the document's order.
    """

    document_type: str
    device_key: PublicKey
    items: Mapping[str, Mapping[str, EmbeddedCbor]] = field(repr=False)
    issuer_auth: CborValue = field(repr=False)

    @classmethod
    def read(cls, issuer_signed: bytes) -> HeldDocument:
        """Parse IssuerSigned bytes, at most 2 MiB. Raises ``Misuse`` ``issuing.not-a-document``."""
        try:
            content = _map(loads(issuer_signed, limits=_LIMITS), "the document")
            namespaces = _map(content.get("nameSpaces"), "its nameSpaces")
            payload = read_sign1(content.get("issuerAuth")).payload
            security_object = _embedded_map(loads(payload or b"", limits=_LIMITS), "its security object")
            key_info = _map(security_object.get("deviceKeyInfo"), "its deviceKeyInfo")
            return cls(
                document_type=_text(security_object.get("docType"), "its docType"),
                device_key=read_public_key(key_info.get("deviceKey")),
                items={_text(name, "a namespace"): _items(items) for name, items in namespaces.items()},
                issuer_auth=content.get("issuerAuth"),
            )
        except Refused as error:
            raise _not_a_document(error.detail) from None

    def select(self, disclose: Mapping[str, Collection[str]]) -> dict[CborKey, CborValue]:
        """Return IssuerSigned with these elements alone, by namespace.

        They stay in the document's order: the order asked for would tell two presentations apart.
        Raises ``Misuse`` ``issuing.element-not-held``.
        """
        chosen: dict[CborKey, CborValue] = {}
        for namespace, identifiers in disclose.items():
            held = self.items.get(namespace, {})
            for identifier in identifiers:
                if identifier not in held:
                    raise Misuse("issuing.element-not-held", f"no element {identifier!r} in {namespace!r}")
            if identifiers:
                chosen[namespace] = [item for name, item in held.items() if name in identifiers]
        selected: dict[CborKey, CborValue] = {"issuerAuth": self.issuer_auth}
        return {**selected, "nameSpaces": chosen} if chosen else selected


def _items(value: CborValue) -> dict[str, EmbeddedCbor]:
    found: dict[str, EmbeddedCbor] = {}
    for item in value if isinstance(value, list) else []:
        identifier = _embedded_map(item, "an item").get("elementIdentifier")
        if isinstance(item, EmbeddedCbor):
            found[_text(identifier, "an elementIdentifier")] = item
    return found


def _embedded_map(value: CborValue, what: str) -> dict[CborKey, CborValue]:
    return _map(loads(value.content, limits=_LIMITS) if isinstance(value, EmbeddedCbor) else None, what)


def _map(value: CborValue, what: str) -> dict[CborKey, CborValue]:
    if not isinstance(value, dict):
        raise _not_a_document(f"{what} is not a map")
    return value


def _text(value: CborValue, what: str) -> str:
    if not isinstance(value, str):
        raise _not_a_document(f"{what} is not text")
    return value


def _not_a_document(why: str) -> Misuse:
    return Misuse("issuing.not-a-document", f"this is no mdoc a holder can use: {why}")
