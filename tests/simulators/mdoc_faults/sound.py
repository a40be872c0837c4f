"""Documents without a fault: every algorithm, and the liberties issuers take that a verifier must know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec

from simulators.mdoc_drafting import NAMESPACE, Cbor, Draft
from simulators.mdoc_faults.vector import Judging, Vector, shown
from simulators.plain_cbor import Raw, plain

__all__ = ["sound_documents"]

_STAGE = "sound"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def sound_documents() -> Iterator[Vector]:
    """All of these verify."""
    yield from _every_algorithm()
    yield from _liberties()


def _every_algorithm() -> Iterator[Vector]:
    for algorithm in ("ES256", "ES384", "ES512", "EdDSA"):
        for digest in ("SHA-256", "SHA-384", "SHA-512"):
            for method in ("signature", "mac"):
                # Ed25519 agrees on no key, so a MAC under an EdDSA issuer is a P-256 device's.
                device = "ES256" if (algorithm, method) == ("EdDSA", "mac") else algorithm
                name = f"{algorithm}-{digest}-{method}".lower()
                draft = Draft(algorithm=algorithm, digest=digest, method=method, device_algorithm=device)
                yield shown(name, "verified", _STAGE, draft=draft)


def _liberties() -> Iterator[Vector]:
    for name, change in (
        ("certificate-alone-in-an-array", _alone_in_an_array),
        ("chain-with-its-root", _with_its_root),
        ("certificate-in-the-protected-header", _protected),
        ("value-with-a-long-head", _long_heads),
        ("nothing-disclosed", _nothing_disclosed),
        ("one-element-disclosed", _few),
        ("signature-of-the-other-half", _other_half),
        ("device-elements-authorized", _authorized),
        ("device-key-compressed", _compressed),
        ("digest-identifier-beyond-32-bits", _large_identifier),
    ):
        yield shown(name, "verified", _STAGE, change)
    yield from _unbound()


def _alone_in_an_array(draft: Draft) -> None:
    draft.chain, draft.unprotected = [], {33: [draft.signer.sign()]}


def _with_its_root(draft: Draft) -> None:
    draft.chain = [draft.signer.sign(), draft.root.sign()]


def _protected(draft: Draft) -> None:
    draft.chain, draft.protected = [], {1: -7, 33: draft.signer.sign()}


def _long_heads(draft: Draft) -> None:
    # The length of the name in four bytes where one would do: signed so, therefore read so.
    draft.element("family_name")["elementValue"] = Raw(b"\x7a\x00\x00\x00\x03Seo")


def _nothing_disclosed(draft: Draft) -> None:
    def drop(document: Cbor) -> None:
        del document["issuerSigned"]["nameSpaces"]

    draft.edits["document"] = drop


def _few(draft: Draft) -> None:
    draft.edits["shown"] = lambda items: {NAMESPACE: items[NAMESPACE][-1:]}


def _other_half(draft: Draft) -> None:
    # (r, n - s) is a signature wherever (r, s) is: ECDSA has two, and the standard prefers neither.
    def negate(auth: Cbor) -> Cbor:
        s = _P256_ORDER - int.from_bytes(auth[3][32:], "big")
        return [*auth[:3], auth[3][:32] + s.to_bytes(32, "big")]

    draft.edits["issuer-auth"] = negate


def _authorized(draft: Draft) -> None:
    info = draft.security_object["deviceKeyInfo"]
    info["keyAuthorizations"] = {"nameSpaces": ["example"]}
    draft.device_namespaces["example"] = {"note": "signed by the device"}


def _compressed(draft: Draft) -> None:
    key = draft.device_key.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    draft.security_object["deviceKeyInfo"]["deviceKey"][-3] = bool(key.public_numbers().y & 1)


def _large_identifier(draft: Draft) -> None:
    draft.element("family_name")["digestID"] = 1 << 40


def _unbound() -> Iterator[Vector]:
    def unasked(_draft: Draft, judging: Judging) -> Judging:
        return replace(judging, transcript=None)

    def bare(draft: Draft) -> None:
        kept: list[Cbor] = []
        draft.edits["document"] = lambda document: kept.append(document["issuerSigned"])
        draft.edits["bytes"] = lambda _: plain(kept[0])

    yield shown("without-a-session", "verified", "sound-not-bound", judge=unasked)
    yield shown("issuer-signed-alone", "verified", "sound-not-bound", bare)
