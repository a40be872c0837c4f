"""Credentials nobody on this project made, and what the reference implementation says of the same ones."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding, Treatment
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation, openid4vp_expectation
from dongui.documents.sd_jwt.reading import read_presented
from dongui.documents.sd_jwt.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.encoding import strict_json
from dongui.encoding.jose import read_jws
from dongui.encoding.strict_json import JsonLimits
from dongui.environment import FixedClock
from dongui.errors import Refused
from simulators.sd_jwt_drafting import CLIENT_ID, NONCE, TYPE, Draft, Shown, digest
from simulators.sd_jwt_issuance import AT, EXPECTATION, an_issuance

DATA = os.environ.get("DONGUI_TEST_DATA")
published = pytest.mark.skipif(
    DATA is None, reason="DONGUI_TEST_DATA is not set: the SD-JWT VC of RFC 9901 and OpenID4VP's are skipped"
)


def vectors() -> Path:
    return Path(DATA or "") / "vectors"


def rfc_9901_a3(at: datetime) -> AuthenticatedDocument:
    key = json.loads((vectors() / "sd-jwt" / "rfc9901-a5-issuer-key.json").read_text())
    metadata = {"issuer": "https://pid-issuer.bund.de.example", "jwks": {"keys": [key]}}
    return authenticate(
        (vectors() / "sd-jwt" / "rfc9901-a3-sd-jwt-vc.txt").read_bytes(),
        issuers=SdJwtIssuers.from_files(
            {"bund.json": json.dumps(metadata).encode()}, anchors=None, accepted_types={"urn:eudi:pid:de:1"}
        ),
        clock=FixedClock(at),
        nonce_and_audience=EXPECTATION,
        status=StatusEvidence.none(),
    )


@published
def test_the_credential_of_rfc_9901_verifies_whole() -> None:
    """Every claim the RFC lists is there, verified, nested ones in their place; it has no key binding."""
    document = rfc_9901_a3(datetime(2026, 11, 22, tzinfo=UTC))
    values: dict[str, Any] = {element.identifier: element.value for element in document.elements}
    assert values["given_name"] == "Erika"
    assert values["address"] == {
        "street_address": "Heidestraße 17",
        "locality": "Köln",
        "postal_code": "51147",
        "country": "DE",
    }
    assert values["age_equal_or_over"] == {
        "12": True,
        "14": True,
        "16": True,
        "18": True,
        "21": True,
        "65": False,
    }
    assert {element.treatment for element in document.elements} == {Treatment.VERIFIED}
    assert len(document.elements) == 20
    assert document.holder_binding is HolderBinding.NOT_BOUND
    assert (document.portrait, document.subject) == (None, None)


@published
@pytest.mark.parametrize(
    ("at", "name"),
    [
        (datetime(2023, 5, 2, 3, 59, 59, tzinfo=UTC), "sd-jwt.issued-in-future"),
        (datetime(2029, 9, 1, 23, 33, 20, tzinfo=UTC), "sd-jwt.expired"),
    ],
)
def test_the_credential_of_rfc_9901_has_its_time(at: datetime, name: str) -> None:
    """A second before it was issued, and from the second it ends, it is refused."""
    with pytest.raises(Refused) as caught:
        rfc_9901_a3(at)
    assert caught.value.name == name


@published
def test_the_session_binding_is_openid4vp_s() -> None:
    """OpenID4VP 1.0's own key-binding claims are what this session's expectation would ask for."""
    example = json.loads(
        (vectors() / "openid4vp" / "examples" / "response" / "kb_jwt_unsecured.json").read_text()
    )
    client_id = "x509_san_dns:client.example.org"
    expectation = openid4vp_expectation(nonce=b"\x00" * 32, client_id=client_id)
    assert example["aud"] == expectation.audience
    assert expectation.nonce == "A" * 43
    folder = vectors() / "openid4vp" / "examples" / "sd_jwt_vcld" / "01"
    token = read_jws((folder / "kb_jwt_serialized.txt").read_text().replace("\n", ""), max_bytes=4_096)
    limits = JsonLimits(max_bytes=4_096, max_depth=4, max_items=64)
    assert token.type == "kb+jwt"
    assert strict_json.loads(token.payload, limits=limits) == json.loads(
        (folder / "kb_jwt_payload.json").read_text()
    )
    presented = read_presented((folder / "sd_jwt_presentation.txt").read_bytes().replace(b"\n", b""))
    assert presented.key_binding_claims["sd_hash"] == presented.digest(presented.hashed)


def reference_reading(
    presentation: bytes, key: JWK, expectation: KeyBindingExpectation | None
) -> dict[str, Any]:
    """What the reference implementation makes of a presentation."""
    verifier = SDJWTVerifier(
        presentation.decode(),
        lambda _issuer, _header: key,
        expectation and expectation.audience,
        expectation and expectation.nonce,
    )
    claims: dict[str, Any] = verifier.get_verified_payload()
    return claims


@pytest.mark.parametrize("disclose", [(), ("family_name",), ("address", "portrait")], ids=str)
@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_both_read_the_same_claims(algorithm: SigningAlgorithm, disclose: tuple[str, ...]) -> None:
    """The reference implementation and this verifier agree on every claim of a sound presentation.

    With ES256 also on its key binding: the reference implementation reads no other algorithm there.
    """
    issuance = an_issuance(algorithm)
    presentation = issuance.present(*disclose)
    ours = {
        element.identifier: element.value
        for element in issuance.judge(presentation).elements
        if element.namespace in ("always-shown", "disclosed")
    }
    bound = EXPECTATION if algorithm is SigningAlgorithm.ES256 else None
    assert ours == reference_reading(presentation, JWK.from_pyca(issuance.signer.key), bound)


def drafted(change: Any) -> tuple[bytes, JWK]:
    draft = Draft()
    change(draft)
    return draft.build(), JWK.from_pyca(draft.signer.key)


def _ones_own(draft: Draft) -> None:
    draft.edits["parts"] = lambda parts: [*parts, Shown.of("x", 1).encoded]


def _same_digest_twice_in_an_array(draft: Draft) -> None:
    element = Shown.of(None, "KR")
    draft.claims["nationalities"] = [{"...": digest(element)}, {"...": digest(element)}]
    draft.edits["parts"] = lambda parts: [*parts, element.encoded]


def _reserved(draft: Draft) -> None:
    draft.shown.append(Shown.of("_sd", ["x"]))


def _expired(draft: Draft) -> None:
    draft.claims["exp"] = 1


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (_ones_own, "sd-jwt.disclosure-unreferenced"),
        (_same_digest_twice_in_an_array, "sd-jwt.digest-repeated"),
        (_reserved, "sd-jwt.claim-name-reserved"),
        (_expired, "sd-jwt.expired"),
    ],
)
def test_what_the_reference_implementation_leaves_to_us_is_refused_here(change: Any, name: str) -> None:
    """These pass there and must not pass here: why reading what strangers send is our own."""
    presentation, key = drafted(change)
    assert reference_reading(presentation, key, KeyBindingExpectation(NONCE, CLIENT_ID))["vct"] == TYPE
    draft = Draft()
    issuers = SdJwtIssuers.from_files({}, anchors=_anchors(draft), accepted_types={TYPE})
    with pytest.raises(Refused) as caught:
        authenticate(
            presentation,
            issuers=issuers,
            clock=FixedClock(AT),
            nonce_and_audience=KeyBindingExpectation(NONCE, CLIENT_ID),
            status=StatusEvidence.none(),
        )
    assert caught.value.name == name


def _anchors(draft: Draft) -> TrustAnchors:
    return TrustAnchors.from_certificates([draft.root.sign()])
