"""An authority that is trusted for its own documents names somebody else's person in them."""

from __future__ import annotations

import hashlib

import pytest

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.staff_card.card_content import subject_of
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.encoding import cbor
from dongui.errors import Refused
from simulators.mdoc_drafting import NAMESPACE, Cbor, Draft
from simulators.mdoc_issuance import CLOCK

_NAMING = ("issuing_country", "issuing_authority", "document_number")
_BESIDE = "org.example.beside"


def _judge(draft: Draft) -> AuthenticatedDocument:
    return authenticate(
        draft.build(),
        trust_anchors=TrustAnchors.from_certificates([draft.root.sign()]),
        clock=CLOCK,
        status=StatusEvidence.none(),
        session_transcript=draft.transcript,
        reader_key=draft.reader_key,
    )


def _naming_beside(*named: Cbor) -> Draft:
    """A licence of Utopia that hides who it is about, and says it in a namespace of the issuer's own."""
    draft = Draft()
    draft.items[NAMESPACE] = [
        item for item in draft.items[NAMESPACE] if item["elementIdentifier"] not in _NAMING
    ]
    draft.items[_BESIDE] = [
        {
            "digestID": number,
            "random": hashlib.sha256(f"beside {identifier}".encode()).digest(),
            "elementIdentifier": identifier,
            "elementValue": value,
        }
        for number, (identifier, value) in enumerate(zip(_NAMING, named, strict=True))
    ]
    return draft


@pytest.mark.parametrize(
    "named",
    [("ZZ", "Licensing Office of Zembla", "Z-0000007"), ("staff-card", "cards.example", "7")],
    ids=["another-country", "a-staff-card"],
)
def test_no_authority_names_another_ones_person_in_a_namespace_of_its_own(named: tuple[str, ...]) -> None:
    """Whoever agreed with one country's document is not found by a document of another country's signer.

    The handle of a consent is made of country, authority and number. Taken from a namespace whose country
    nobody compares, any trusted authority could put any face under any person's consent.
    """
    with pytest.raises(Refused) as refused:
        _judge(_naming_beside(*named))
    assert refused.value.name == "mdoc.issuing-country-mismatch"
    assert _BESIDE in refused.value.detail


def test_what_names_an_employee_could_be_read_as_country_authority_and_number() -> None:
    """Three texts name the person of a staff card, too: only the country keeps them apart."""
    assert subject_of("cards.example", "7") == cbor.dumps(["staff-card", "cards.example", "7"])


def test_an_authority_names_its_own_person_in_a_namespace_of_its_own() -> None:
    """The same document with the signer's own country is sound: many have their names elsewhere."""
    named = ("UT", "Licensing Office of Utopia", "UT-0001234")
    assert _judge(_naming_beside(*named)).subject == cbor.dumps(list(named))
