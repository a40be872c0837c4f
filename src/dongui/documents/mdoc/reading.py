"""The outer structure of what a holder presents (ISO/IEC 18013-5:2021, 8.3.2.1.2.2): read, not verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dongui.documents.mdoc.fields import Fields, label, text_keys
from dongui.encoding import cbor, cose
from dongui.encoding.cbor import CborValue, EmbeddedCbor, Limits
from dongui.encoding.cose import CoseMessage
from dongui.errors import Refused

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "DeviceSigned",
    "IssuerSigned",
    "PresentedDocument",
    "SignedItem",
    "read_presented",
]

MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
# Every element is read on its own before anything is authenticated, so the two limits multiply: half a
# thousand elements of a thousand items each are a second of work, and more than any document holds.
_DOCUMENT = Limits(max_bytes=MAX_DOCUMENT_BYTES, max_depth=16, max_items=1_000)
_ITEM = Limits(max_bytes=MAX_DOCUMENT_BYTES, max_depth=16, max_items=1_000)
_MIN_RANDOM_BYTES = 16  # 9.1.2.5
_ITEM_FAILURE = "mdoc.item-malformed"
_ISSUER = "mdoc.issuer-signed-malformed"
_DEVICE = "mdoc.device-signed-malformed"


@dataclass(frozen=True, slots=True)
class SignedItem:
    """IssuerSignedItem, with the bytes its digest is taken over: tag, length and content as received."""

    digest_id: int
    identifier: str
    value: CborValue = field(repr=False)
    received: bytes | memoryview = field(repr=False)


@dataclass(frozen=True, slots=True)
class IssuerSigned:
    """The issuer's part: the message over the security object, and the elements the holder chose to show."""

    auth: CoseMessage
    namespaces: Mapping[str, tuple[SignedItem, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeviceSigned:
    """The device's part: ``signature`` or ``mac``, exactly one, over ``received`` and the session."""

    received: bytes | memoryview = field(repr=False)
    namespaces: Mapping[str, Mapping[str, CborValue]] = field(repr=False)
    signature: CoseMessage | None
    mac: CoseMessage | None


@dataclass(frozen=True, slots=True)
class PresentedDocument:
    """One document as presented. ``document_type`` and ``device`` are missing in a bare IssuerSigned.

    ``errors`` names elements the holder's device did not return, with the standard's error code.
    """

    document_type: str | None
    issuer: IssuerSigned
    device: DeviceSigned | None
    errors: tuple[tuple[str, str, int], ...] = ()


def read_presented(data: bytes | memoryview) -> PresentedDocument:
    """Read a DeviceResponse with exactly one document, or a bare IssuerSigned.

    Raises ``Refused``: ``cbor.*``, ``cose.*`` and those ``mdoc.*`` names that speak of structure.
    """
    value = cbor.loads(data, limits=_DOCUMENT)
    if isinstance(value, dict) and "issuerAuth" in value:
        return PresentedDocument(
            None, _issuer_signed(Fields(value, where="issuerSigned", failure=_ISSUER)), None
        )
    if isinstance(value, dict) and ("documents" in value or "status" in value):
        return _device_response(Fields(value, where="the response", failure="mdoc.response-malformed"))
    raise Refused("mdoc.not-a-document", "neither a DeviceResponse nor an IssuerSigned map")


def _device_response(response: Fields) -> PresentedDocument:
    version = response.text("version")
    if version != "1.0":
        raise Refused("mdoc.response-version", f"version {label(version)}; 1.0 is supported")
    status = response.unsigned("status")  # 8.3.2.1.2.3: 0 is OK, 10 to 12 are errors
    if status != 0:
        raise Refused("mdoc.response-status", f"status {status}; only 0 holds a document")
    # An empty list stands in real responses, though the standard asks for at least one error in it.
    if response.has("documentErrors") and response.array("documentErrors"):
        raise Refused("mdoc.document-errors", "documentErrors is not empty")
    documents = response.array("documents") if response.has("documents") else []
    response.finish()
    if not documents:
        raise Refused("mdoc.no-document", "documents is missing or empty")
    if len(documents) > 1:
        # Two documents are two people's chance to be mixed up: one session, one document.
        raise Refused("mdoc.several-documents", f"{len(documents)} documents; exactly one is judged")
    return _document(Fields(documents[0], where="the document", failure="mdoc.response-malformed"))


def _document(document: Fields) -> PresentedDocument:
    document_type = document.text("docType")
    issuer = _issuer_signed(Fields(document.take("issuerSigned"), where="issuerSigned", failure=_ISSUER))
    device = None
    if document.has("deviceSigned"):
        device = _device_signed(Fields(document.take("deviceSigned"), where="deviceSigned", failure=_DEVICE))
    errors = _errors(document.texts("errors")) if document.has("errors") else ()
    document.finish()
    return PresentedDocument(document_type, issuer, device, errors)


def _errors(errors: Mapping[str, CborValue]) -> tuple[tuple[str, str, int], ...]:
    found = []
    for namespace, codes in errors.items():
        for identifier, code in _elements(codes, namespace, "mdoc.response-malformed").items():
            if not isinstance(code, int) or isinstance(code, bool):
                raise Refused("mdoc.response-malformed", "errors holds a code that is not an integer")
            found.append((namespace, identifier, code))
    return tuple(found)


def _issuer_signed(issuer: Fields) -> IssuerSigned:
    auth = cose.read_sign1(issuer.array("issuerAuth"))
    namespaces = issuer.texts("nameSpaces") if issuer.has("nameSpaces") else {}
    issuer.finish()
    return IssuerSigned(auth, {name: _items(name, items) for name, items in namespaces.items()})


def _items(namespace: str, items: CborValue) -> tuple[SignedItem, ...]:
    if not isinstance(items, list):
        raise Refused(_ISSUER, f"{label(namespace)} does not hold an array of elements")
    if not items:
        raise Refused("mdoc.namespace-empty", f"{label(namespace)} holds no element")
    return tuple(_item(namespace, item) for item in items)


def _item(namespace: str, item: CborValue) -> SignedItem:
    if not isinstance(item, EmbeddedCbor):
        raise Refused(_ITEM_FAILURE, f"{label(namespace)} holds something that is no tagged item")
    fields = Fields(
        cbor.loads(item.content, limits=_ITEM), where=f"an item of {label(namespace)}", failure=_ITEM_FAILURE
    )
    random = fields.bytes("random")
    if len(random) < _MIN_RANDOM_BYTES:
        raise Refused("mdoc.random-too-short", f"{len(random)} random bytes; at least {_MIN_RANDOM_BYTES}")
    signed = SignedItem(
        # 9.1.2.5 asks for identifiers below 2^31; a federal issuer's are above, and a map finds them all.
        digest_id=fields.unsigned("digestID"),
        identifier=fields.text("elementIdentifier"),
        value=fields.take("elementValue"),
        received=item.raw,
    )
    fields.finish()
    return signed


def _device_signed(device: Fields) -> DeviceSigned:
    namespaces = device.take("nameSpaces")
    if not isinstance(namespaces, EmbeddedCbor):
        raise Refused(_DEVICE, "deviceSigned.nameSpaces is not a tagged item")
    auth = device.fields("deviceAuth")
    device.finish()
    has_signature, has_mac = auth.has("deviceSignature"), auth.has("deviceMac")
    if has_signature and has_mac:
        raise Refused("mdoc.device-auth-ambiguous", "deviceAuth holds a signature and a MAC")
    if not has_signature and not has_mac:
        raise Refused("mdoc.device-auth-missing", "deviceAuth holds neither a signature nor a MAC")
    signature = cose.read_sign1(auth.array("deviceSignature")) if has_signature else None
    mac = cose.read_mac0(auth.array("deviceMac")) if has_mac else None
    auth.finish()
    return DeviceSigned(namespaces.raw, _device_namespaces(namespaces.content), signature, mac)


def _device_namespaces(content: bytes) -> dict[str, dict[str, CborValue]]:
    value = cbor.loads(content, limits=_ITEM)
    if not isinstance(value, dict):
        raise Refused(_DEVICE, "deviceSigned.nameSpaces is not a map")
    namespaces = text_keys(value, where="nameSpaces", failure=_DEVICE)
    return {name: _elements(elements, name, _DEVICE) for name, elements in namespaces.items()}


def _elements(value: CborValue, namespace: str, failure: str) -> dict[str, CborValue]:
    if not isinstance(value, dict) or not value:
        raise Refused(failure, f"{label(namespace)} does not hold a map of elements")
    return text_keys(value, where=label(namespace), failure=failure)
