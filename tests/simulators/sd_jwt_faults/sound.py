"""Documents without a fault: every algorithm and hash, and the liberties issuers and wallets take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

from cryptography import x509

from simulators.mdoc_certificates import root_plan
from simulators.sd_jwt_drafting import AT, ISSUER, NOW, Draft, Shown, digest, jwk
from simulators.sd_jwt_faults.holder import binding
from simulators.sd_jwt_faults.issuer import authority, claims, header, metadata, without
from simulators.sd_jwt_faults.structure import edit, text_edit
from simulators.sd_jwt_faults.vector import Vector, changed, shown

__all__ = ["sound_documents"]

_STAGE, _NOT_BOUND = "sound", "sound-not-bound"
_OK = "verified"


def sound_documents() -> Iterator[Vector]:
    """All of these verify."""
    for algorithm in ("ES256", "ES384", "ES512", "EdDSA"):
        for hash_name in ("sha-256", "sha-384", "sha-512"):
            draft = Draft(algorithm=algorithm, holder_algorithm=algorithm, hash_name=hash_name)
            yield shown(f"{algorithm}-{hash_name}".lower(), _OK, _STAGE, draft=draft)
    named = Draft(algorithm="EdDSA", holder_algorithm="EdDSA")
    named.header["alg"] = named.binding_header["alg"] = "Ed25519"
    yield shown("fully-specified-algorithm", _OK, _STAGE, draft=named)
    for name, change in _liberties():
        yield shown(name, _OK, _STAGE, change)
    yield from _by_metadata()
    yield from _not_bound()
    yield shown("expires-in-the-next-second", _OK, _STAGE, claims(exp=NOW + 1))
    yield shown("binding-300-seconds-old", _OK, _STAGE, judge=changed(at=AT + timedelta(seconds=290)))


def _liberties() -> list[tuple[str, Callable[[Draft], object]]]:
    return [
        ("earlier-type-name", header(typ="vc+sd-jwt")),
        ("hash-by-default", without("_sd_alg")),
        ("issuing-time-not-stated", without("iat")),
        ("issuer-not-stated", without("iss")),
        ("dates-with-fractions", claims(exp=NOW + 100.5, iat=NOW - 100.5)),
        ("nothing-disclosed", lambda draft: (draft.hidden.extend(draft.shown), draft.shown.clear())),
        (
            "no-disclosable-claims",
            lambda draft: (draft.hidden.clear(), draft.shown.clear(), edit("payload", _no_digests)(draft)),
        ),
        ("decoys", edit("payload", lambda payload: {**payload, "_sd": [*payload["_sd"], "A" * 43]})),
        ("elements-of-an-array", _elements),
        ("nested-disclosures", _nested),
        ("signer-by-its-host", _by_host),
        ("chain-with-its-root", _with_root),
        ("authority-in-between", _with_authority),
        ("header-with-more", header(jku="https://attacker.example/keys", vctm=[])),
        ("binding-with-more", binding(transaction_data_hashes=["AAAA"])),
        ("newline-at-the-end", text_edit(lambda text: text + "\n")),
        (
            "portrait-in-base64url",
            lambda draft: draft.shown.__setitem__(2, Shown.of("portrait", "_9j_4CBhIHBpY3R1cmUg_9k")),
        ),
        (
            "picture-a-link",
            lambda draft: draft.shown.append(Shown.of("picture", "https://identity.example/1.jpg")),
        ),
    ]


def _no_digests(payload: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in payload.items() if name not in ("_sd", "_sd_alg")}


def _elements(draft: Draft) -> None:
    shown_element, hidden = Shown.of(None, "KR"), Shown.of(None, "DE")
    draft.claims["nationalities"] = [{"...": digest(shown_element)}, {"...": digest(hidden)}, "FR"]
    draft.edits["parts"] = lambda parts: [*parts, shown_element.encoded]


def _nested(draft: Draft) -> None:
    inner = Shown.of("locality", "Seoul")
    draft.shown.append(Shown.of("address", {"_sd": [digest(inner)], "country": "KR"}))
    draft.edits["parts"] = lambda parts: [inner.encoded, *parts]


def _by_host(draft: Draft) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("identity.example")])
    draft.signer.extensions["subjectAltName"] = (names, False)


def _with_root(draft: Draft) -> None:
    draft.between = [draft.root]


def _with_authority(draft: Draft) -> None:
    draft.root.extensions["basicConstraints"] = (x509.BasicConstraints(ca=True, path_length=1), True)
    between = authority(draft.root, "authority")
    draft.between = [between]
    draft.signer.issuer, draft.signer.signed_by = between.subject, between.key


def _by_metadata() -> Iterator[Vector]:
    key = jwk(Draft().signer.key)
    bare = header(x5c=None)
    yield shown("key-on-file", _OK, _STAGE, bare, judge=changed(metadata=metadata(key)))
    named = header(x5c=None, kid="second")
    keys = metadata({**jwk(root_plan("x").key), "kid": "first"}, {**key, "kid": "second"})
    yield shown("key-on-file-by-name", _OK, _STAGE, named, judge=changed(metadata=keys))
    yield shown(
        "key-on-file-beside-unknown-kinds",
        _OK,
        _STAGE,
        bare,
        judge=changed(metadata=metadata({"kty": "RSA", "n": "AAAA", "e": "AQAB"}, key)),
    )
    apart = {
        "issuer.json": json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}),
        "issuer.jwks.json": json.dumps({"keys": [key]}),
    }
    yield shown("keys-in-a-file-beside", _OK, _STAGE, bare, judge=changed(metadata=apart))


def _not_bound() -> Iterator[Vector]:
    def unbound(draft: Draft) -> None:
        draft.bound = False

    yield shown("without-key-binding", _OK, _NOT_BOUND, unbound)
    yield shown("without-a-session", _OK, _NOT_BOUND, judge=changed(nonce=None, audience=None))
