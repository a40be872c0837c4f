"""What an authenticated document says, and what it leaves out."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding, Treatment
from dongui.documents.mdoc.verifying import MAX_PORTRAIT_BYTES, authenticate, require_bound
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.encoding import cbor
from dongui.environment import FixedClock
from dongui.errors import Refused, Unanswered
from simulators.mdoc_drafting import NAMESPACE, Draft
from simulators.mdoc_issuance import (
    CLOCK,
    NOW,
    TINY_PORTRAIT,
    a_licence,
    a_presentation,
    a_transcript,
    an_issuer,
)
from simulators.plain_cbor import Tag
from simulators.sd_jwt_drafting import AT
from simulators.status_drafting import LIST_URI, ListDraft


def _judge(draft: Draft, *, bound: bool = True) -> AuthenticatedDocument:
    return authenticate(
        draft.build(),
        trust_anchors=TrustAnchors.from_certificates([draft.root.sign()]),
        clock=CLOCK,
        status=StatusEvidence.none(),
        session_transcript=draft.transcript if bound else None,
        reader_key=draft.reader_key,
    )


def _value(document: AuthenticatedDocument, identifier: str) -> object:
    [value] = [element.value for element in document.elements if element.identifier == identifier]
    return value


def test_a_licence_issued_here_is_verified_here() -> None:
    """Issuer and verifier of this project agree, from the root's creation to the bound document."""
    issuer, transcript = an_issuer(), a_transcript()
    document = authenticate(
        memoryview(bytearray(a_presentation(a_licence(issuer), transcript))),
        trust_anchors=TrustAnchors.from_certificates([issuer.root.public_bytes(Encoding.DER)]),
        clock=CLOCK,
        status=StatusEvidence.none(),
        session_transcript=transcript,
        reader_key=None,
    )
    assert require_bound(document) is document
    assert document.holder_binding is HolderBinding.DEVICE_SIGNATURE
    assert document.judged_at == NOW
    assert document.portrait == TINY_PORTRAIT
    assert {element.treatment for element in document.elements} == {Treatment.VERIFIED}


@pytest.mark.parametrize("method", ["signature", "mac"])
def test_the_subject_is_the_issuers_name_for_the_person(method: str) -> None:
    """Country, authority and number, canonically: the same however the document is bound."""
    document = _judge(Draft(method=method))
    assert document.subject == cbor.dumps(["UT", "Licensing Office of Utopia", "UT-0001234"])


@pytest.mark.parametrize("hidden", ["issuing_country", "issuing_authority", "document_number"])
def test_no_subject_where_one_part_is_hidden(hidden: str) -> None:
    """Two parts of three would name other people too: then nobody is named."""
    draft = Draft()
    draft.items[NAMESPACE] = [i for i in draft.items[NAMESPACE] if i["elementIdentifier"] != hidden]
    assert _judge(draft).subject is None


def test_dates_are_the_text_that_was_signed() -> None:
    """Full dates and date-times, nested ones too, come as their text; nothing is parsed and reprinted."""
    draft = Draft()
    privileges = [{"vehicle_category_code": "B", "issue_date": Tag(1004, "2024-03-01")}]
    draft.element("family_name")["elementValue"] = privileges
    draft.element("given_name")["elementValue"] = Tag(0, "2024-03-01T00:00:00Z")
    document = _judge(draft)
    assert _value(document, "birth_date") == "1990-05-17"
    assert _value(document, "given_name") == "2024-03-01T00:00:00Z"
    assert _value(document, "family_name") == [{"vehicle_category_code": "B", "issue_date": "2024-03-01"}]


def test_what_the_device_signed_is_carried_unverified() -> None:
    """The device may add what the issuer allows; it stays the device's word, its portrait is never taken."""
    draft = Draft()
    draft.items[NAMESPACE] = [i for i in draft.items[NAMESPACE] if i["elementIdentifier"] != "portrait"]
    draft.security_object["deviceKeyInfo"]["keyAuthorizations"] = {"nameSpaces": ["org.example"]}
    draft.device_namespaces = {"org.example": {"portrait": b"of somebody else", "given_name": "Other"}}
    document = _judge(draft)
    told = {(e.namespace, e.identifier): e.treatment for e in document.elements if e.namespace != NAMESPACE}
    assert told == {
        ("org.example", "portrait"): Treatment.UNVERIFIED,
        ("org.example", "given_name"): Treatment.UNVERIFIED,
    }
    assert document.portrait is None


def test_what_the_device_did_not_return_is_named_unverified() -> None:
    """Error codes for elements are told, as what they are: the unsigned word of the device."""
    draft = Draft()
    draft.edits["document"] = lambda document: document.update(errors={NAMESPACE: {"nationality": 0}})
    [told] = [e for e in _judge(draft).elements if e.treatment is Treatment.UNVERIFIED]
    assert (told.namespace, told.identifier, told.value) == (NAMESPACE, "nationality", 0)


def test_a_document_that_shows_nothing() -> None:
    """Holders may show no element at all: authentic, bound, and without a portrait to compare."""
    draft = Draft()
    draft.edits["document"] = lambda document: document["issuerSigned"].pop("nameSpaces") and None
    document = _judge(draft)
    assert document.elements == ()
    assert document.portrait is None


def test_the_receipts_bytes_are_the_digest_of_what_the_issuer_signed() -> None:
    """Unguessable without the document, and the same whoever looks, whenever, in any session."""
    first, second = _judge(Draft()), _judge(Draft(), bound=False)
    assert first.issuer_signed == second.issuer_signed
    assert len(first.issuer_signed) == 32
    other = Draft()
    other.element("document_number")["elementValue"] = "UT-0001235"
    assert _judge(other).issuer_signed != first.issuer_signed


def test_a_second_signature_made_from_the_first_names_the_same_document() -> None:
    """Attack: (r, n - s) verifies like (r, s). Whoever does that gets no new receipt bytes."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
    draft = Draft()

    def turn(message: list[bytes]) -> None:
        s = order - int.from_bytes(message[3][32:], "big")
        message[3] = message[3][:32] + s.to_bytes(32, "big")

    draft.edits["issuer-auth"] = turn
    assert _judge(draft) == _judge(Draft())


def test_a_portrait_in_a_namespace_of_its_own() -> None:
    """Documents of other kinds have their own namespace: the one portrait there is, is the portrait."""
    draft = Draft()
    draft.items = {"org.example.staff": draft.items[NAMESPACE]}
    assert _judge(draft).portrait == TINY_PORTRAIT


def test_the_standards_portrait_comes_first() -> None:
    """Beside the standard's own namespace, another one's portrait is only an element."""
    draft = Draft()
    other = {**draft.element("portrait"), "elementValue": b"another"}
    draft.items = {"org.example": [other], NAMESPACE: draft.items[NAMESPACE]}
    assert _judge(draft).portrait == TINY_PORTRAIT


def test_a_portrait_at_the_limit_and_beyond() -> None:
    """2 MiB are a portrait, one byte more is refused by name."""
    draft = Draft()
    draft.element("portrait")["elementValue"] = bytes(MAX_PORTRAIT_BYTES)
    assert len(_judge(draft).portrait or b"") == MAX_PORTRAIT_BYTES
    draft = Draft()
    draft.element("portrait")["elementValue"] = bytes(MAX_PORTRAIT_BYTES + 1)
    with pytest.raises(Refused, match=r"mdoc\.portrait-too-large"):
        _judge(draft)


def test_a_portrait_is_copied_at_most_three_times_and_kept_once() -> None:
    """From the caller's buffer: once while the outer bytes are read, once as its item, once as itself."""
    draft = Draft()
    draft.element("portrait")["elementValue"] = bytes(MAX_PORTRAIT_BYTES)
    data = memoryview(bytearray(draft.build()))
    anchors = TrustAnchors.from_certificates([draft.root.sign()])
    gc.collect()
    tracemalloc.start()
    try:
        document = authenticate(
            data,
            trust_anchors=anchors,
            clock=CLOCK,
            status=StatusEvidence.none(),
            session_transcript=draft.transcript,
            reader_key=None,
        )
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert document.portrait is not None
    assert peak < 3.2 * MAX_PORTRAIT_BYTES
    assert kept < 1.2 * MAX_PORTRAIT_BYTES


def test_only_looking_needs_no_session() -> None:
    """Without a transcript nobody is being verified: the same document, not bound, which going on refuses."""
    document = _judge(Draft(), bound=False)
    assert document.holder_binding is HolderBinding.NOT_BOUND
    with pytest.raises(Refused, match=r"mdoc\.holder-not-bound"):
        require_bound(document)


def test_a_document_is_as_good_as_its_status_list() -> None:
    """Valid by the list: accepted. Revoked: refused. The list of somebody else, or none: undetermined."""
    draft = Draft(elements=7)
    draft.security_object["status"] = {"status_list": {"idx": 7, "uri": LIST_URI}}
    presented, anchors = draft.build(), TrustAnchors.from_certificates([draft.root.sign()])

    def judged(*lists: ListDraft) -> str:
        files = {f"{number}.cwt": listed.build() for number, listed in enumerate(lists)}
        status = StatusEvidence.from_files(files, anchors=None, max_age=timedelta(days=1))
        try:
            authenticate(
                presented,
                trust_anchors=anchors,
                clock=FixedClock(AT),
                status=status,
                session_transcript=None,
                reader_key=None,
            )
        except Unanswered as failure:
            return failure.name
        return "verified"

    own = draft.signer.key
    assert judged(ListDraft(form="cwt", key=own)) == "verified"
    assert judged(ListDraft(form="cwt", key=own, statuses={7: 1})) == "status.revoked"
    assert judged(ListDraft(form="cwt", key=own, statuses={7: 2})) == "status.suspended"
    assert judged(ListDraft(form="cwt", statuses={7: 1})) == "status.list-signature-invalid"
    assert judged() == "status.list-missing"
