"""An mdoc taken apart, so that one thing in it can be wrong and everything else right.

A :class:`Draft` is a document, its issuer, its holder and its session before anything is encoded. A test
changes one field, or gives an ``edit`` for what exists only on the way, and :meth:`Draft.build` encodes,
hashes and signs around it: every digest, signature and code that should still be right is right. What a
verifier then refuses is the one fault, and not its shadow::

    draft = Draft()
    draft.security_object["docType"] = "org.example"     # signed so; the document says something else
    draft.edits["response"] = lambda response: response.update(status=10)
    draft.build()

The stages at which an edit may step in, in order:

=====================  ===============================================================================
``items``              the elements by namespace, each a map, before digests are taken
``security-object``    the security object, with its digests, before it is signed
``payload``            its bytes as signed
``issuer-auth``        the COSE_Sign1 of four, signed
``shown``              the encoded items by namespace, after digests were taken
``device-auth``        the map with the device's signature or MAC
``document``           the document with its two parts
``response``           the whole device response
``bytes``              what the reader receives
=====================  ===============================================================================

An edit changes its argument in place, or returns what shall stand in its place. Everything here is written
without ``dongui``, by the clauses of ISO/IEC 18013-5:2021, and follows from labels alone: no clock, no
chance.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from simulators.mdoc_certificates import CertificatePlan, Key, key_for, root_plan, signer_plan
from simulators.plain_cbor import Embedded, Raw, Tag, plain
from simulators.tiny_portrait import TINY_PORTRAIT

__all__ = ["ALGORITHMS", "LICENCE", "NAMESPACE", "Cbor", "Draft", "cose_key", "mac_key", "raw_signature"]

LICENCE = "org.iso.18013.5.1.mDL"
NAMESPACE = "org.iso.18013.5.1"
ALGORITHMS = {"ES256": -7, "ES384": -35, "ES512": -36, "EdDSA": -8}
_HASHES = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}

# What stands in a draft is CBOR in the making: any mixture of maps, lists and the shapes of ``plain_cbor``.
Cbor = Any
Edit = Callable[[Cbor], Cbor]


_ELEMENTS: dict[str, Cbor] = {
    "family_name": "Seo",
    "given_name": "Haneul",
    "issuing_country": "UT",
    "issuing_authority": "Licensing Office of Utopia",
    "document_number": "UT-0001234",
    "portrait": TINY_PORTRAIT,
    "age_over_18": True,
    "birth_date": Tag(1004, "1990-05-17"),
    "issue_date": Tag(1004, "2024-03-01"),
    "expiry_date": Tag(1004, "2034-03-01"),
    "driving_privileges": [{"vehicle_category_code": "B"}],
    "un_distinguishing_sign": "UTO",
}


@dataclass
class Draft:
    """One document, its issuer, holder and session. As it stands it verifies at 2026-11-22."""

    algorithm: str = "ES256"
    digest: str = "SHA-256"
    method: str = "signature"
    device_algorithm: str = "ES256"
    label: str = "draft"
    elements: int = len(_ELEMENTS)  # how many of them are issued and shown; fewer make a smaller document
    root: CertificatePlan = field(init=False)
    signer: CertificatePlan = field(init=False)
    chain: list[bytes] | None = None
    items: dict[str, list[dict[str, Cbor]]] = field(init=False)
    security_object: dict[str, Cbor] = field(init=False)
    protected: dict[Cbor, Cbor] = field(init=False)
    unprotected: dict[Cbor, Cbor] = field(default_factory=dict)
    device_key: Key = field(init=False)
    proving_key: Key | None = None
    reader_key: ec.EllipticCurvePrivateKey = field(init=False)
    transcript: bytes = field(init=False)
    device_namespaces: dict[str, Cbor] = field(default_factory=dict)
    device_protected: dict[Cbor, Cbor] = field(init=False)
    edits: dict[str, Edit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = root_plan(algorithm="ES256" if self.algorithm == "EdDSA" else self.algorithm)
        self.signer = signer_plan(self.root, algorithm=self.algorithm)
        self.items = {
            NAMESPACE: [
                {
                    "digestID": number,
                    "random": hashlib.sha256(f"{self.label} {identifier}".encode()).digest(),
                    "elementIdentifier": identifier,
                    "elementValue": value,
                }
                for number, (identifier, value) in enumerate(islice(_ELEMENTS.items(), self.elements))
            ]
        }
        self.protected = {1: ALGORITHMS[self.algorithm]}
        self.device_key = key_for(f"{self.label} device", self.device_algorithm)
        reader = key_for(
            f"{self.label} reader", "ES256" if self.device_algorithm == "EdDSA" else self.device_algorithm
        )
        assert isinstance(reader, ec.EllipticCurvePrivateKey)
        self.reader_key = reader
        self.transcript = plain([None, None, ["simulated handover", f"{self.label} session".encode()]])
        self.device_protected = {1: 5 if self.method == "mac" else ALGORITHMS[self.device_algorithm]}
        self.security_object = {
            "version": "1.0",
            "digestAlgorithm": self.digest,
            "valueDigests": {},
            "deviceKeyInfo": {"deviceKey": cose_key(self.device_key)},
            "docType": LICENCE,
            "validityInfo": {
                "signed": Tag(0, "2026-11-01T09:00:00Z"),
                "validFrom": Tag(0, "2026-11-01T09:00:00Z"),
                "validUntil": Tag(0, "2027-02-01T09:00:00Z"),
            },
        }

    def element(self, identifier: str) -> dict[str, Cbor]:
        """The item of an element, to change before its digest is taken."""
        return next(item for item in self.items[NAMESPACE] if item["elementIdentifier"] == identifier)

    def hashed(self, data: bytes) -> bytes:
        """The digest of ``data`` by this draft's algorithm."""
        return hashlib.new(self.digest.replace("-", ""), data).digest()

    def build(self) -> bytes:
        """Encode, hash and sign; return what the reader receives."""
        items = self._edit("items", self.items)
        encoded = {name: [_encoded_item(item) for item in content] for name, content in items.items()}
        issuer_auth = self._issuer_auth(encoded)
        shown = self._edit("shown", dict(encoded))
        document = {
            "docType": LICENCE,
            "issuerSigned": {"nameSpaces": shown, "issuerAuth": issuer_auth},
            "deviceSigned": self._device_signed(),
        }
        document = self._edit("document", document)
        response = {"version": "1.0", "documents": [document], "status": 0}
        return bytes(self._edit("bytes", plain(self._edit("response", response))))

    def to_be_proved(self, transcript: bytes | None = None, document_type: str = LICENCE) -> bytes:
        """DeviceAuthenticationBytes (9.1.3.4) of this draft."""
        namespaces = plain(Embedded(plain(self.device_namespaces)))
        content = plain(
            ["DeviceAuthentication", Raw(transcript or self.transcript), document_type, Raw(namespaces)]
        )
        return plain(Embedded(content))

    def _edit(self, stage: str, value: Cbor) -> Cbor:
        edit = self.edits.get(stage)
        changed = edit(value) if edit is not None else None
        return value if changed is None else changed

    def _issuer_auth(self, encoded: dict[str, list[Cbor]]) -> Cbor:
        for name, items in encoded.items():
            self.security_object["valueDigests"].setdefault(name, {}).update(
                {
                    item["digestID"]: self.hashed(plain(written))
                    for item, written in zip(self.items[name], items, strict=True)
                    if isinstance(item, dict)
                }
            )
        security_object = self._edit("security-object", self.security_object)
        payload = self._edit("payload", plain(Embedded(plain(security_object))))
        protected = plain(self.protected) if self.protected else b""
        chain = [self.signer.sign()] if self.chain is None else self.chain
        unprotected = {33: chain[0] if len(chain) == 1 else chain} if chain else {}
        signature = raw_signature(self.signer.key, plain(["Signature1", protected, b"", payload]))
        message: Cbor = [protected, {**unprotected, **self.unprotected}, payload, signature]
        return self._edit("issuer-auth", message)

    def _device_signed(self) -> Cbor:
        protected = plain(self.device_protected) if self.device_protected else b""
        content = self.to_be_proved()
        key = self.proving_key or self.device_key
        auth: Cbor
        if self.method == "mac":
            code = _hmac(mac_key(key, self.reader_key, self.transcript), protected, content)
            auth = {"deviceMac": [protected, {}, None, code]}
        else:
            signature = raw_signature(key, plain(["Signature1", protected, b"", content]))
            auth = {"deviceSignature": [protected, {}, None, signature]}
        namespaces = Embedded(plain(self.device_namespaces))
        return {"nameSpaces": namespaces, "deviceAuth": self._edit("device-auth", auth)}


def cose_key(key: Key) -> dict[Cbor, Cbor]:
    """The COSE_Key of a private key's public half (RFC 9053, 7)."""
    public = key.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return {1: 1, -1: 6, -2: public.public_bytes_raw()}
    numbers, size = public.public_numbers(), (public.curve.key_size + 7) // 8
    curve = {"secp256r1": 1, "secp384r1": 2, "secp521r1": 3, "secp256k1": 8}[public.curve.name]
    return {1: 2, -1: curve, -2: numbers.x.to_bytes(size, "big"), -3: numbers.y.to_bytes(size, "big")}


def raw_signature(key: Key, message: bytes) -> bytes:
    """A signature as COSE has it: r and s side by side, or EdDSA's own form. Deterministic (RFC 6979)."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    digest = _HASHES.get(key.curve.name, hashes.SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest, deterministic_signing=True)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def mac_key(device: Key, reader: ec.EllipticCurvePrivateKey, transcript: bytes) -> bytes:
    """EMacKey (9.1.3.5)."""
    assert isinstance(device, ec.EllipticCurvePrivateKey)
    salt = hashlib.sha256(plain(Embedded(transcript))).digest()
    shared = device.exchange(ec.ECDH(), reader.public_key())
    return HKDF(hashes.SHA256(), length=32, salt=salt, info=b"EMacKey").derive(shared)


def _hmac(key: bytes, protected: bytes, content: bytes) -> bytes:
    return hmac.digest(key, plain(["MAC0", protected, b"", content]), "sha256")


def _encoded_item(item: Cbor) -> Cbor:
    return Embedded(plain(item)) if isinstance(item, dict) else item
