"""Faults in the holder's answer: another session, another key, another reader, or no answer at all."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec

from simulators.mdoc_certificates import key_for
from simulators.mdoc_drafting import Cbor, Draft, mac_key, raw_signature
from simulators.mdoc_faults.vector import FEW, Judging, Vector, shown
from simulators.plain_cbor import plain

__all__ = ["device_faults"]

_DEVICE, _SESSION = "device-authentication", "session"
_OTHER_SESSION = plain([None, None, ["simulated handover", b"another session"]])


def _auth(edit: Callable[[Cbor], Cbor]) -> Callable[[Draft], None]:
    return lambda draft: draft.edits.update({"device-auth": edit})


def _signature(edit: Callable[[list[Cbor]], list[Cbor]]) -> Callable[[Draft], None]:
    return _auth(lambda auth: {"deviceSignature": edit(auth["deviceSignature"])})


def _mac(edit: Callable[[list[Cbor]], list[Cbor]]) -> Callable[[Draft], None]:
    return _auth(lambda auth: {"deviceMac": edit(auth["deviceMac"])})


def _with_mac() -> Draft:
    return Draft(method="mac", elements=FEW)


def _reader(key: ec.EllipticCurvePrivateKey | None) -> Callable[[Draft, Judging], Judging]:
    return lambda _draft, judging: replace(judging, reader_key=key)


def _in_session(transcript: bytes) -> Callable[[Draft, Judging], Judging]:
    return lambda _draft, judging: replace(judging, transcript=transcript)


def _elliptic(label: str, algorithm: str = "ES256") -> ec.EllipticCurvePrivateKey:
    key = key_for(label, algorithm)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _resigned(draft: Draft, content: bytes) -> Callable[[list[Cbor]], list[Cbor]]:
    return lambda auth: [
        *auth[:3],
        raw_signature(draft.device_key, plain(["Signature1", auth[0], b"", content])),
    ]


def device_faults() -> Iterator[Vector]:
    """Presence first, then authorizations, signature, MAC, and the session around them."""
    yield from _presence()
    yield from _authorizations()
    yield from _signatures()
    yield from _macs()
    yield from _sessions()


def _presence() -> Iterator[Vector]:
    missing = "mdoc.device-auth-missing"

    def both(draft: Draft) -> None:
        draft.edits["device-auth"] = lambda auth: {**auth, "deviceMac": [plain({1: 5}), {}, None, bytes(32)]}

    def drop(document: Cbor) -> None:
        del document["deviceSigned"]

    yield shown("signature-and-mac", "mdoc.device-auth-ambiguous", _DEVICE, both)
    yield shown("neither-signature-nor-mac", missing, _DEVICE, _auth(lambda _: {}))
    yield shown("device-signed-missing", missing, _DEVICE, lambda draft: draft.edits.update(document=drop))


def _authorizations() -> Iterator[Vector]:
    def elements(**namespaces: Cbor) -> Callable[[Draft], None]:
        return lambda draft: draft.device_namespaces.update(namespaces)

    def in_part(draft: Draft) -> None:
        draft.security_object["deviceKeyInfo"]["keyAuthorizations"] = {"dataElements": {"example": ["mood"]}}
        draft.device_namespaces["example"] = {"age": 99}

    yield shown(
        "device-namespace-not-authorized",
        "mdoc.device-namespace-unauthorized",
        _DEVICE,
        elements(example={"age_over_18": True}),
    )
    yield shown("device-element-not-authorized", "mdoc.device-element-unauthorized", _DEVICE, in_part)
    yield shown("device-namespace-empty", "mdoc.device-signed-malformed", _DEVICE, elements(example={}))


def _signatures() -> Iterator[Vector]:
    invalid = "mdoc.device-signature-invalid"
    yield shown(
        "device-signature-altered",
        invalid,
        _DEVICE,
        _signature(lambda auth: [*auth[:3], bytes([auth[3][0] ^ 1]) + auth[3][1:]]),
    )
    yield shown("device-signature-cut", invalid, _DEVICE, _signature(lambda auth: [*auth[:3], auth[3][:-1]]))
    yield shown(
        "device-signed-by-another-key",
        invalid,
        _DEVICE,
        lambda draft: setattr(draft, "proving_key", key_for("thief")),
    )
    yield shown(
        "device-signed-by-the-issuer",
        invalid,
        _DEVICE,
        lambda draft: setattr(draft, "proving_key", draft.signer.key),
    )

    def for_another_type(draft: Draft) -> None:
        _signature(_resigned(draft, draft.to_be_proved(document_type="org.example")))(draft)

    def without_tag(draft: Draft) -> None:
        # Tag 24, then the head of a byte string of a length between 24 and 255: four bytes.
        _signature(_resigned(draft, draft.to_be_proved()[4:]))(draft)

    yield shown("device-signed-for-another-type", invalid, _DEVICE, for_another_type)
    yield shown("device-signed-without-the-tag", invalid, _DEVICE, without_tag)
    yield shown(
        "device-signature-without-algorithm",
        "cose.algorithm-missing",
        _DEVICE,
        lambda draft: setattr(draft, "device_protected", {}),
    )
    yield shown(
        "device-signature-of-another-curve",
        "cose.key-mismatch",
        _DEVICE,
        lambda draft: setattr(draft, "device_protected", {1: -35}),
    )
    yield shown(
        "device-signature-with-its-payload",
        "cose.payload-unexpected",
        _DEVICE,
        lambda draft: _signature(lambda auth: [*auth[:2], draft.to_be_proved(), auth[3]])(draft),
    )
    yield shown(
        "device-signature-of-three-parts", "cose.malformed", _DEVICE, _signature(lambda auth: auth[:3])
    )


def _macs() -> Iterator[Vector]:
    invalid = "mdoc.device-mac-invalid"
    yield shown(
        "device-mac-altered",
        invalid,
        _DEVICE,
        _mac(lambda auth: [*auth[:3], bytes([auth[3][0] ^ 1]) + auth[3][1:]]),
        draft=_with_mac(),
    )
    yield shown(
        "device-mac-cut", invalid, _DEVICE, _mac(lambda auth: [*auth[:3], auth[3][:8]]), draft=_with_mac()
    )
    yield shown("device-mac-empty", invalid, _DEVICE, _mac(lambda auth: [*auth[:3], b""]), draft=_with_mac())
    yield shown(
        "device-mac-by-another-key",
        invalid,
        _DEVICE,
        lambda draft: setattr(draft, "proving_key", key_for("thief")),
        draft=_with_mac(),
    )

    def keyed_without_session(draft: Draft) -> None:
        key = mac_key(draft.device_key, draft.reader_key, b"\x80")

        def change(auth: list[Cbor]) -> list[Cbor]:
            message = plain(["MAC0", auth[0], b"", draft.to_be_proved()])
            return [*auth[:3], hmac.digest(key, message, "sha256")]

        _mac(change)(draft)

    yield shown(
        "device-mac-keyed-without-session", invalid, _DEVICE, keyed_without_session, draft=_with_mac()
    )
    yield shown(
        "device-mac-of-8-bytes",
        "cose.algorithm-not-allowed",
        _DEVICE,
        lambda draft: setattr(draft, "device_protected", {1: 4}),
        draft=_with_mac(),
    )
    yield shown(
        "device-mac-with-its-payload",
        "cose.payload-unexpected",
        _DEVICE,
        lambda draft: _mac(lambda auth: [*auth[:2], draft.to_be_proved(), auth[3]])(draft),
        draft=_with_mac(),
    )


def _sessions() -> Iterator[Vector]:
    elsewhere = _in_session(_OTHER_SESSION)
    signature, mac = "mdoc.device-signature-invalid", "mdoc.device-mac-invalid"
    yield shown("signature-replayed-in-another-session", signature, _SESSION, judge=elsewhere)
    yield shown("mac-replayed-in-another-session", mac, _SESSION, draft=_with_mac(), judge=elsewhere)
    yield shown(
        "mac-for-another-reader", mac, _SESSION, draft=_with_mac(), judge=_reader(_elliptic("another reader"))
    )
    yield shown(
        "mac-and-no-reader-key", "mdoc.reader-key-missing", _SESSION, draft=_with_mac(), judge=_reader(None)
    )
    yield shown(
        "mac-for-a-reader-on-another-curve",
        "mdoc.device-mac-curve",
        _SESSION,
        draft=_with_mac(),
        judge=_reader(_elliptic("reader", "ES384")),
    )
    malformed = "mdoc.session-transcript-malformed"
    for name, transcript in (
        ("transcript-of-two", plain([None, None])),
        ("transcript-a-map", plain({})),
        ("transcript-cut", plain([None, None, "x"])[:-1]),
    ):
        yield shown(name, malformed, _SESSION, judge=_in_session(transcript))
