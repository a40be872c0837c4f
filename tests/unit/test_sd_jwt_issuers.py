"""Whom a verifier of SD-JWT credentials believes, and what cannot be given to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.documents.mdoc.issuing import ValidityPeriod
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.sd_jwt.element_values import MAX_PORTRAIT_BYTES, portrait_of
from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
from dongui.documents.sd_jwt.issuing import CredentialSigner, issue, portrait_claim
from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation
from dongui.documents.trust import TrustAnchors
from dongui.encoding import strict_json
from dongui.encoding.jose import sign_jws
from dongui.encoding.jwk import read_jwk, write_jwk
from dongui.encoding.strict_json import JsonLimits
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused
from simulators.mdoc_certificates import key_for
from simulators.sd_jwt_drafting import Draft, jwk
from simulators.sd_jwt_issuance import AT, CLOCK, ISSUER, TYPE, an_authority, an_issuance

KEY = jwk(key_for("sd-jwt signer"))


def metadata(**members: Any) -> bytes:
    return json.dumps({"issuer": ISSUER, "jwks": {"keys": [KEY]}, **members}).encode()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("no JSON", {"a.json": b"<html>"}),
        (
            "two members of a name",
            {"a.json": b'{"issuer": "https://a.example", "issuer": "https://b.example"}'},
        ),
        ("no issuer", {"a.json": metadata(issuer=None)}),
        ("no https", {"a.json": metadata(issuer="http://a.example")}),
        ("a query", {"a.json": metadata(issuer="https://a.example/?x=1")}),
        ("keys and where they are", {"a.json": metadata(jwks_uri="https://a.example/keys")}),
        ("no keys", {"a.json": metadata(jwks={"keys": []})}),
        ("no key of a known kind", {"a.json": metadata(jwks={"keys": [{"kty": "RSA"}]})}),
        (
            "two keys of a name",
            {"a.json": metadata(jwks={"keys": [{**KEY, "kid": "1"}, {**KEY, "kid": "1"}]})},
        ),
        ("65 keys", {"a.json": metadata(jwks={"keys": [KEY] * 65})}),
        ("one issuer twice", {"a.json": metadata(), "b.json": metadata()}),
        (
            "the keys' own file missing",
            {"a.json": json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}).encode()},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_metadata_is_named(name: str, files: dict[str, bytes]) -> None:
    """A verifier does not start with half of what it was given."""
    with pytest.raises(Misuse) as caught:
        SdJwtIssuers.from_files(files, anchors=None, accepted_types={TYPE})
    assert caught.value.name == "sd-jwt.metadata-unreadable"
    assert ".json" in caught.value.detail


def test_a_verifier_believes_somebody_in_particular() -> None:
    """Without anchors and keys, or without a type, there is no verifier."""
    with pytest.raises(Misuse) as caught:
        SdJwtIssuers.from_files({}, anchors=None, accepted_types={TYPE})
    assert caught.value.name == "sd-jwt.no-issuers"
    with pytest.raises(Misuse) as caught:
        SdJwtIssuers.from_files({"a.json": metadata()}, anchors=None, accepted_types=())
    assert caught.value.name == "sd-jwt.no-types"


def test_keys_survive_the_way_to_another_process() -> None:
    """What is written out reads back alike, names of keys included."""
    keys = [{**KEY, "kid": "first"}, jwk(key_for("other", "EdDSA"))]
    issuers = SdJwtIssuers.from_files(
        {"a.json": metadata(jwks={"keys": keys})}, anchors=None, accepted_types={TYPE}
    )
    again = SdJwtIssuers.from_files(issuers.metadata_files(), anchors=None, accepted_types={TYPE})
    assert again == issuers


def test_anchors_alone_do_not_make_an_unknown_issuer_known() -> None:
    """A credential with a certificate is not judged by keys on file of another issuer, and the reverse."""
    issuance = an_issuance()
    elsewhere = SdJwtIssuers.from_files(
        {"a.json": metadata(issuer="https://other.example")}, anchors=None, accepted_types={TYPE}
    )
    with pytest.raises(Refused) as caught:
        type(issuance)(
            issuance.authority, issuance.signer, issuance.holder, issuance.credential, elsewhere
        ).judge(issuance.present())
    assert caught.value.name == "sd-jwt.issuer-unknown"


def test_a_pinned_signer_is_believed_without_its_root() -> None:
    """For issuers who publish no root: the signer's own certificate, put where single signers go."""
    issuance = an_issuance()
    certificate = issuance.signer.certificate.public_bytes(Encoding.DER)
    pinned = TrustAnchors.from_certificates([], pinned_document_signers=[certificate])
    issuers = SdJwtIssuers(pinned, {}, frozenset({TYPE}))
    document = type(issuance)(
        issuance.authority, issuance.signer, issuance.holder, issuance.credential, issuers
    ).judge(issuance.present())
    assert document.issuer == issuance.signer.certificate.subject.rfc4514_string()


def test_a_pinned_signer_vouches_for_nobody_else() -> None:
    """A certificate trusted as one signer's own does not become an authority by standing in a chain."""
    draft = Draft()
    root = draft.root.sign()
    draft.between = [draft.root]
    pinned = TrustAnchors.from_certificates([], pinned_document_signers=[root])
    issuance = an_issuance()
    issuers = SdJwtIssuers(pinned, {}, frozenset({TYPE}))
    with pytest.raises(Refused) as caught:
        type(issuance)(
            issuance.authority, issuance.signer, issuance.holder, issuance.credential, issuers
        ).judge(draft.build())
    assert caught.value.name == "trust.unknown-issuer"


@pytest.mark.parametrize(("nonce", "audience"), [("", "a"), ("A" * 15, "a"), ("A" * 16, "")])
def test_an_expectation_that_binds_nothing_is_misuse(nonce: str, audience: str) -> None:
    """A nonce that can be guessed, or nobody in particular as the verifier, binds to nothing."""
    with pytest.raises(Misuse) as caught:
        KeyBindingExpectation(nonce, audience)
    assert caught.value.name == "sd-jwt.expectation-malformed"


def test_a_portrait_has_a_largest_size() -> None:
    """Two mebibytes are taken, a byte more is not."""
    most = b"\xff" * MAX_PORTRAIT_BYTES
    assert portrait_of({"portrait": portrait_claim(most)}) == most
    for larger in (MAX_PORTRAIT_BYTES + 1, 2 * MAX_PORTRAIT_BYTES):
        with pytest.raises(Refused) as caught:
            portrait_of({"portrait": portrait_claim(bytes(larger))})
        assert caught.value.name == "sd-jwt.portrait-too-large"


def test_one_picture_under_both_names_is_one_portrait() -> None:
    """Issuers who serve two kinds of readers write it twice; it is the same face."""
    claim = portrait_claim(b"\xff\xd8\xff")
    assert portrait_of({"portrait": claim, "picture": claim}) == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda: {"claims": {"iss": "https://other.example"}}, "issuing.bad-element"),
        (lambda: {"claims": {"_sd": []}}, "issuing.bad-element"),
        (
            lambda: {"validity": ValidityPeriod(AT - timedelta(days=1), AT + timedelta(days=1))},
            "issuing.backdated",
        ),
        (lambda: {"validity": ValidityPeriod(AT, AT + timedelta(days=500))}, "issuing.outlives-signer"),
    ],
    ids=["registered", "reserved", "backdated", "outliving"],
)
def test_what_cannot_be_issued_is_named(change: Callable[[], dict[str, Any]], name: str) -> None:
    """An issuer's mistake is told before anything is signed."""
    issuance = an_issuance()
    given: dict[str, Any] = {
        "claims": {"family_name": "Seo"},
        "validity": ValidityPeriod(AT, AT + timedelta(days=1)),
        **change(),
    }
    with pytest.raises(Misuse) as caught:
        issue(
            given["claims"],
            document_type=TYPE,
            signer=issuance.signer,
            holder_key=ec.generate_private_key(ec.SECP256R1()).public_key(),
            validity=given["validity"],
            status=None,
            clock=CLOCK,
            entropy=SystemEntropy(),
        )
    assert caught.value.name == name


def test_a_signer_does_not_outlive_its_root() -> None:
    """Its certificate would be good for nothing after that."""
    with pytest.raises(Misuse) as caught:
        CredentialSigner.create(
            an_authority(),
            issuer=ISSUER,
            algorithm=SigningAlgorithm.ES256,
            lifetime=timedelta(days=400),
            clock=FixedClock(AT + timedelta(days=3_500)),
            entropy=SystemEntropy(),
        )
    assert caught.value.name == "issuing.outlives-authority"


def _large() -> object:
    return strict_json.loads(b"[]", limits=JsonLimits(max_bytes=1, max_depth=1, max_items=1))


def _no_curve() -> object:
    return sign_jws(b"", key=ec.generate_private_key(ec.SECP256K1()), header={})


@pytest.mark.parametrize(
    ("attempt", "name"),
    [
        (_large, "jose.json-too-large"),
        (_no_curve, "jose.key-mismatch"),
        (lambda: read_jwk([]), "jose.key-malformed"),
        (lambda: read_jwk({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}), "jose.key-malformed"),
        (lambda: read_jwk({"kty": "EC", "crv": "P-256"}), "jose.key-malformed"),
    ],
)
def test_what_the_encodings_refuse(attempt: Callable[[], object], name: str) -> None:
    """Names no whole document brings about, because another stands for them there."""
    with pytest.raises(DonguiError) as caught:
        attempt()
    assert caught.value.name == name


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_keys_are_read_as_they_were_written(algorithm: SigningAlgorithm) -> None:
    """For every kind of key, leading zeros of a coordinate included."""
    for _ in range(8):
        key = algorithm.generate_key().public_key()
        assert read_jwk(write_jwk(key)) == key
