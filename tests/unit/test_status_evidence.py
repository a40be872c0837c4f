"""Status lists on file and the documents that refer to them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
from dongui.documents.sd_jwt.verifying import authenticate
from dongui.documents.status import StatusEvidence, StatusReference
from dongui.documents.status.references import read_status
from dongui.documents.trust import TrustAnchors
from dongui.environment import FixedClock
from dongui.errors import Misuse, Refused, Trouble, Unanswered, Undetermined
from simulators.sd_jwt_drafting import NOW, TYPE, Draft
from simulators.sd_jwt_issuance import AT, STATUS, an_issuance
from simulators.status_drafting import LIST_URI, ListDraft


def on_file(*lists: ListDraft) -> StatusEvidence:
    files = {f"{number}.jwt": listed.build() for number, listed in enumerate(lists)}
    return StatusEvidence.from_files(files, anchors=None, max_age=timedelta(days=1))


def test_a_credential_is_as_good_as_its_list() -> None:
    """Valid by its issuer's list: accepted. Revoked, suspended: refused. Any other list: undetermined."""
    issuance = an_issuance(SigningAlgorithm.ES256, STATUS)
    own = issuance.signer.key

    def judged(*lists: ListDraft) -> str:
        try:
            issuance.judge(issuance.present(), status=on_file(*lists))
        except Unanswered as failure:
            return failure.name
        return "verified"

    assert judged(ListDraft(key=own, count=2_048)) == "verified"
    assert judged(ListDraft(key=own, count=2_048, statuses={STATUS.index: 1})) == "status.revoked"
    assert judged(ListDraft(key=own, count=2_048, statuses={STATUS.index: 2})) == "status.suspended"
    assert judged(ListDraft(key=own)) == "status.index-out-of-range"
    assert judged(ListDraft(count=2_048)) == "status.list-signature-invalid"
    assert judged() == "status.list-missing"


def test_an_expired_credential_needs_no_list() -> None:
    """What does not hold by itself is refused for that, whatever its list would say."""
    issuance = an_issuance(SigningAlgorithm.ES256, STATUS)
    with pytest.raises(Refused) as caught:
        issuance.judge(issuance.present(), at=AT + timedelta(days=301), expectation=None)
    assert caught.value.name == "sd-jwt.expired"


def test_no_evidence_is_said_aloud_and_passes_nothing() -> None:
    """The one who holds no lists leaves open every document that refers to one."""
    with pytest.raises(Trouble) as caught:
        StatusEvidence.none().check(StatusReference(LIST_URI, 0), issuer_keys=(), at=AT)
    assert caught.value.name == "status.list-missing"


def test_a_file_that_is_no_list_does_not_silence_the_others() -> None:
    """It is told by name, and the lists beside it are read."""
    draft = ListDraft()
    evidence = StatusEvidence.from_files(
        {"a.jwt": b"<html>", "b.jwt": draft.build()}, anchors=None, max_age=timedelta(days=1)
    )
    assert list(evidence.unreadable) == ["a.jwt"]
    key = draft.key.public_key()
    found = evidence.check(StatusReference(LIST_URI, 0), issuer_keys=[key], at=AT)
    assert found.issued_at.timestamp() == NOW - 3_600


@pytest.mark.parametrize("max_age", [timedelta(0), timedelta(seconds=-1), timedelta(days=367)])
def test_a_limit_is_a_limit(max_age: timedelta) -> None:
    """No list would ever pass, or none would ever be too old."""
    with pytest.raises(Misuse) as caught:
        StatusEvidence.from_files({}, anchors=None, max_age=max_age)
    assert caught.value.name == "status.bad-limit"


def test_a_thousand_lists_are_enough() -> None:
    """The limit is named before any is read."""
    with pytest.raises(Misuse) as caught:
        StatusEvidence.from_files(
            {str(number): b"" for number in range(1_001)}, anchors=None, max_age=timedelta(days=1)
        )
    assert caught.value.name == "status.too-many-lists"


@pytest.mark.parametrize(
    "status",
    [
        None,
        [],
        {},
        {"status_list": 7},
        {"status_list": {"uri": LIST_URI}},
        {"status_list": {"idx": True, "uri": LIST_URI}},
        {"status_list": {"idx": -1, "uri": LIST_URI}},
        {"status_list": {"idx": 1.0, "uri": LIST_URI}},
        {"status_list": {"idx": 2**40, "uri": LIST_URI}},
        {"status_list": {"idx": 0, "uri": ""}},
        {"status_list": {"idx": 0, "uri": "x" * 2_049}},
    ],
    ids=str,
)
def test_a_reference_that_leads_nowhere_is_refused(status: object) -> None:
    """A document whose own word on its status cannot be read is not taken without it."""
    with pytest.raises(Refused) as caught:
        read_status(status)
    assert caught.value.name == "status.reference-malformed"
    draft = Draft()
    draft.claims["status"] = status
    with pytest.raises(Refused) as caught:
        judge_drafted(draft)
    assert caught.value.name == "status.reference-malformed"


def test_another_mechanism_is_undetermined() -> None:
    """The issuer points somewhere that is not read here: nobody can tell, and nobody is refused."""
    with pytest.raises(Undetermined) as caught:
        read_status({"identifier_list": {"id": "7", "uri": LIST_URI}})
    assert caught.value.name == "status.mechanism-unknown"


def test_the_index_is_not_shown() -> None:
    """List and index together name one person's document; a log of it would be a trail."""
    assert "1993" not in repr(STATUS)


def judge_drafted(draft: Draft) -> None:
    """Judge a drafted document as any other."""
    authenticate(
        draft.build(),
        issuers=SdJwtIssuers(TrustAnchors.from_certificates([draft.root.sign()]), {}, frozenset({TYPE})),
        clock=FixedClock(AT),
        nonce_and_audience=None,
        status=StatusEvidence.none(),
    )
