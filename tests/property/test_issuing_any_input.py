"""Whatever an issuer is given, it issues it well-formed or refuses it by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.documents.mdoc.authority import Authority, DocumentSigner
from dongui.documents.mdoc.certificates import AuthorityProfile
from dongui.documents.mdoc.document_data import LICENCE, read_document_data
from dongui.documents.mdoc.holder import Holder
from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod, issue
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.certificate import read_certificate
from dongui.environment import SystemEntropy
from dongui.errors import Misuse
from simulators.mdoc_issuance import CLOCK, NOW, TINY_PORTRAIT, a_presentation, a_transcript, an_issuer

_Made = TypeVar("_Made")
ISSUER = an_issuer()
KEY = SigningAlgorithm.ES256.generate_key()
ANCHORS = TrustAnchors.from_certificates([ISSUER.authority.certificate_pem()])
DATA: dict[str, object] = {
    "family_name": "Seo",
    "given_name": "Haneul",
    "birth_date": "1990-05-17",
    "issue_date": "2024-03-01",
    "expiry_date": "2034-03-01",
    "issuing_country": "UT",
    "issuing_authority": "Licensing Office of Utopia",
    "document_number": "UT-0001234",
    "un_distinguishing_sign": "UTO",
    "driving_privileges": [],
}
NAMES = sorted([*LICENCE.mandatory, *LICENCE.optional, "age_over_21", "shoe_size"])
DATES = st.one_of(st.dates().map(str), st.datetimes(timezones=st.timezones()).map(str))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | DATES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["vehicle_category_code", "issue_date", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


PORTRAITS = st.one_of(
    st.binary(max_size=200), st.binary(max_size=80).map(lambda end: TINY_PORTRAIT[:90] + end)
)


def outcome(attempt: Callable[[], _Made]) -> _Made | str:
    """What was made, or the name it was refused with. Nothing else may come out of any input."""
    try:
        return attempt()
    except Misuse as refusal:
        return refusal.name


def issue_licence(values: dict[str, object]) -> bytes:
    return issue(
        read_document_data(LICENCE, values, portrait=TINY_PORTRAIT),
        signer=ISSUER.signer,
        device_key=KEY.public_key(),
        digest=DigestAlgorithm.SHA_256,
        validity=ValidityPeriod(NOW, NOW + timedelta(days=1)),
        clock=CLOCK,
        entropy=SystemEntropy(),
    )


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(NAMES), value=JSON)
def test_what_is_issued_verifies_and_the_rest_is_named(name: str, value: object) -> None:
    """No value of any element is issued into a document that does not verify, and none ends in a crash."""
    issued = outcome(lambda: issue_licence({**DATA, name: value}))
    if isinstance(issued, str):
        assert issued.startswith("issuing.")
        return
    shown = a_presentation(Holder.receive(issued, key=KEY), a_transcript())
    document = authenticate(
        shown,
        trust_anchors=ANCHORS,
        clock=CLOCK,
        status=StatusEvidence.none(),
        session_transcript=a_transcript(),
        reader_key=None,
    )
    assert {element.identifier for element in document.elements} >= set(LICENCE.mandatory)


@settings(max_examples=100, deadline=None)
@given(portrait=PORTRAITS)
def test_any_bytes_as_a_portrait_are_judged_by_name(portrait: bytes) -> None:
    """Segments that lie about their length, or never end, are no JPEG and no endless loop."""
    read = outcome(lambda: read_document_data(LICENCE, DATA, portrait=portrait))
    assert read == "issuing.portrait-not-jpeg" or not isinstance(read, str)


TEXT = st.one_of(st.text(max_size=70), st.from_regex(r"[a-zé]{1,5}@[a-zé]{1,5}\.[a-z]{2}", fullmatch=True))


@settings(max_examples=100, deadline=None)
@given(organisation=TEXT, common_name=TEXT, contact=TEXT, state=st.none() | TEXT)
def test_a_profile_that_is_accepted_makes_a_certificate(
    organisation: str, common_name: str, contact: str, state: str | None
) -> None:
    """What the profile lets pass X.509 can hold, and it reads back as it was given."""
    uri = "https://utopia.example/crl"
    profile = outcome(lambda: AuthorityProfile("UT", organisation, common_name, contact, uri, state))
    if isinstance(profile, str):
        assert profile == "issuing.bad-authority-profile"
        return
    authority = Authority.create(
        profile,
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=30),
        clock=CLOCK,
        entropy=SystemEntropy(),
    )
    assert AuthorityProfile.of_certificate(authority.certificate) == profile


SEALED = ISSUER.signer.to_bytes()


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(SEALED) - 1), byte=st.integers(0, 255))
def test_an_altered_key_file_is_refused_or_is_the_same(at: int, byte: int) -> None:
    """A damaged key file never gives half a key. What still reads has the certificate's own key."""
    altered = SEALED[:at] + bytes([byte]) + SEALED[at + 1 :]
    read = outcome(lambda: DocumentSigner.from_bytes(altered))
    if isinstance(read, str):
        assert read == "issuing.bad-key-file"
    else:
        assert read.key.public_key() == ISSUER.signer.key.public_key()


def test_the_strategies_reach_both_ends() -> None:
    """The property above is not one of refusals alone: the untouched data is issued."""
    data = read_document_data(LICENCE, DATA, portrait=TINY_PORTRAIT)
    assert data.country == "UT"
    with pytest.raises(Misuse):
        read_document_data(LICENCE, {**DATA, "shoe_size": 43}, portrait=TINY_PORTRAIT)


def test_a_certificate_of_strange_names_is_read_in_silence() -> None:
    """A library's warning about somebody's certificate is no message of ours: warnings are errors here."""
    certificate = ISSUER.signer.certificate.public_bytes(Encoding.DER)
    at = certificate.rindex(b"\x55\x04\x03")
    strange = certificate[:at] + b"\x55\x04\x06" + certificate[at + 3 :]
    assert read_certificate(strange).countries == ("UT", "Utopia signer 1")
