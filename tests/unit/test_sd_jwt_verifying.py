"""Verifying SD-JWT credentials: what comes of a sound one, and what each of its parts is good for."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from dongui.documents.authenticated import HolderBinding, Treatment
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
from dongui.documents.sd_jwt.looking import look
from dongui.documents.sd_jwt.verifying import authenticate, require_bound
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.encoding import cbor
from dongui.environment import FixedClock
from dongui.errors import Misuse, Refused
from simulators.sd_jwt_drafting import Draft, jwk
from simulators.sd_jwt_issuance import AT, ISSUER, PORTRAIT, TYPE, an_issuance


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_a_presentation_in_its_session_is_bound(algorithm: SigningAlgorithm) -> None:
    """Whatever the keys, a presentation made for this session verifies whole and says whose it is."""
    issuance = an_issuance(algorithm)
    document = require_bound(issuance.judge(issuance.present()))
    assert (document.kind, document.document_type) == ("sd-jwt", TYPE)
    assert document.holder_binding is HolderBinding.KEY_BINDING
    assert document.portrait == PORTRAIT
    assert document.subject == cbor.dumps(["sd-jwt", ISSUER, "document_number", "X1234567"])
    assert document.valid_from == AT
    assert document.valid_until == AT + timedelta(days=300)
    assert document.remarks == ("sd-jwt.revocation-not-checked",)


def test_every_field_says_where_it_stood_and_how_it_was_treated() -> None:
    """Nothing is silently passed: each claim of both tokens is there once, verified or unverified by name."""
    issuance = an_issuance()
    document = issuance.judge(issuance.present("family_name"))
    fields = {(element.namespace, element.identifier): element.treatment for element in document.elements}
    assert fields == dict.fromkeys(
        [
            *(("always-shown", name) for name in ("iss", "vct", "iat", "nbf", "exp", "cnf")),
            ("disclosed", "family_name"),
            *(("key-binding", name) for name in ("iat", "aud", "nonce", "sd_hash")),
        ],
        Treatment.VERIFIED,
    )
    assert document.portrait is None
    assert document.subject is None


def test_a_header_nobody_used_is_carried_by_name() -> None:
    """What found the key was checked; a link to other keys, or a name beside a certificate, was not."""
    draft = Draft()
    draft.header |= {"kid": "first", "jku": "https://attacker.example/keys"}
    files = {
        "issuer.json": json.dumps(
            {"issuer": ISSUER, "jwks": {"keys": [jwk(draft.signer.key) | {"kid": "first"}]}}
        )
    }
    anchors = TrustAnchors.from_certificates([draft.root.sign()])
    for issuers, unused in (
        (SdJwtIssuers(anchors, {}, frozenset({TYPE})), {"kid", "jku"}),
        (
            SdJwtIssuers.from_files(
                {name: text.encode() for name, text in files.items()}, anchors=None, accepted_types={TYPE}
            ),
            {"x5c", "jku"},
        ),
    ):
        document = authenticate(
            draft.build(),
            issuers=issuers,
            clock=FixedClock(AT),
            nonce_and_audience=None,
            status=StatusEvidence.none(),
        )
        carried = {
            element.identifier: element.treatment
            for element in document.elements
            if element.namespace == "header"
        }
        assert carried == dict.fromkeys(unused, Treatment.UNVERIFIED)


def test_without_a_session_nothing_is_bound() -> None:
    """A presentation looked at outside a session proves nothing of its holder; its proof is unverified."""
    issuance = an_issuance()
    document = issuance.judge(issuance.present(), expectation=None)
    assert document.holder_binding is HolderBinding.NOT_BOUND
    unchecked = [element.treatment for element in document.elements if element.namespace == "key-binding"]
    assert unchecked == [Treatment.UNVERIFIED] * 4
    with pytest.raises(Refused) as caught:
        require_bound(document)
    assert caught.value.name == "sd-jwt.holder-not-bound"


def test_a_credential_without_key_binding_is_not_bound_in_a_session() -> None:
    """Handing the credential over is not holding it."""
    issuance = an_issuance()
    document = issuance.judge(issuance.present(bound=False))
    with pytest.raises(Refused) as caught:
        require_bound(document)
    assert caught.value.name == "sd-jwt.holder-not-bound"


def test_two_presentations_of_one_credential_are_one_document() -> None:
    """The digest on the receipt is of what the issuer signed, not of what was shown or how it was bound."""
    issuance = an_issuance()
    one, other = issuance.judge(issuance.present("family_name")), issuance.judge(issuance.present())
    assert one.issuer_signed == other.issuer_signed
    assert len(one.issuer_signed) == 32


def test_white_space_around_the_text_is_no_part_of_it() -> None:
    """Files end in a newline."""
    issuance = an_issuance()
    assert issuance.judge(issuance.present() + b"\r\n").holder_binding is HolderBinding.KEY_BINDING


def test_looking_believes_nothing() -> None:
    """What a document claims is shown as refused or unverified, never as verified."""
    issuance = an_issuance()
    shown = look(issuance.present(), treatment=Treatment.REFUSED)
    assert shown.document_type == TYPE
    assert {element.treatment for element in shown.elements} == {Treatment.REFUSED}
    assert {element.namespace for element in shown.elements} == {
        "always-shown",
        "disclosed",
        "header",
        "key-binding",
    }
    assert "Hana" not in repr(shown)


def test_a_holder_discloses_only_what_it_holds() -> None:
    """A claim that is not there cannot be shown, and another's credential cannot be taken."""
    issuance = an_issuance()
    with pytest.raises(Misuse) as caught:
        issuance.present("favourite_colour")
    assert caught.value.name == "issuing.element-not-held"
    with pytest.raises(Misuse) as caught:
        type(issuance.holder).receive(issuance.credential, key=SigningAlgorithm.ES256.generate_key())
    assert caught.value.name == "issuing.other-device-key"
