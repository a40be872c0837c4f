"""Whoever is believed for one kind of document calls theirs by the name of another kind."""

from __future__ import annotations

import pytest

from dongui.documents.authenticating import HolderEvidence, authenticate
from dongui.documents.document_trust import DocumentTrust, SdJwtTrust
from dongui.documents.mdoc.document_data import LICENCE, STAFF
from dongui.documents.recognising import Kind, kind_of_type
from dongui.documents.staff_card.verifying import CLAIM_169_TYPE, DOCUMENT_TYPE
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.environment import FixedClock
from dongui.errors import Refused
from simulators import mdoc_drafting, sd_jwt_drafting
from simulators.mdoc_issuance import CLOCK
from simulators.plain_cbor import plain

EMRTD = "icao.9303.emrtd"


def _credential(document_type: str) -> None:
    """Present a wallet's credential of this type, sound and bound, to who trusts its issuer for such."""
    draft = sd_jwt_drafting.Draft()
    draft.claims["vct"] = document_type
    trust = DocumentTrust(
        None,
        None,
        SdJwtTrust(TrustAnchors.from_certificates([draft.root.sign()]), {}),
        None,
        StatusEvidence.none(),
    )
    holder = HolderEvidence(None, None, sd_jwt_drafting.NONCE, sd_jwt_drafting.CLIENT_ID, None)
    found = authenticate(draft.build(), trust=trust, clock=FixedClock(sd_jwt_drafting.AT), holder=holder)
    assert (found.kind, found.document_type) == (Kind.SD_JWT, document_type)


def _mobile_document(document_type: str) -> None:
    """Present a mobile document of this type, sound and bound, to who trusts its issuer for such."""
    draft = mdoc_drafting.Draft()
    draft.security_object["docType"] = document_type
    draft.edits["document"] = lambda document: document.update(docType=document_type)
    protected = plain(draft.device_protected)
    proved = plain(["Signature1", protected, b"", draft.to_be_proved(document_type=document_type)])
    signature = mdoc_drafting.raw_signature(draft.device_key, proved)
    draft.edits["device-auth"] = lambda _: {"deviceSignature": [protected, {}, None, signature]}
    trust = DocumentTrust.for_mdocs(TrustAnchors.from_certificates([draft.root.sign()]))
    holder = HolderEvidence(draft.transcript, draft.reader_key, None, None, None)
    found = authenticate(draft.build(), trust=trust, clock=CLOCK, holder=holder)
    assert (found.kind, found.document_type) == (Kind.MDOC, document_type)


PRESENT = {Kind.SD_JWT: _credential, Kind.MDOC: _mobile_document}
TYPES = [LICENCE.document_type, STAFF.document_type, EMRTD, "urn:eudi:pid:1", DOCUMENT_TYPE, CLAIM_169_TYPE]


@pytest.mark.parametrize("kind", PRESENT)
@pytest.mark.parametrize("document_type", TYPES)
def test_the_name_of_another_kind_opens_nothing(kind: Kind, document_type: str) -> None:
    """Attack: an issuer of wallets' credentials writes "driving licence" into one; a door takes licences.

    Law: one kind's anchors vouch for no other kind. What only one kind can be is refused in any other.
    """
    if kind_of_type(document_type) is kind:
        PRESENT[kind](document_type)
        return
    with pytest.raises(Refused) as refused:
        PRESENT[kind](document_type)
    assert refused.value.name == "document.type-of-another-kind"


@pytest.mark.parametrize("kind", PRESENT)
def test_a_name_that_is_nobodys_is_any_issuers(kind: Kind) -> None:
    """What the type does not say is left to the purpose, which names the types it takes."""
    assert kind_of_type("org.example.library-card") is None
    PRESENT[kind]("org.example.library-card")
