"""Whatever is presented, the answer has a name, and no changed document passes for what it was not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.encoding import cbor
from dongui.encoding.cbor import CborValue, Limits
from dongui.errors import Refused, Undetermined, failures
from simulators.cbor_surgery import places, put
from simulators.mdoc_issuance import CLOCK, a_licence, a_presentation, a_reader_key, a_transcript, an_issuer
from simulators.mdoc_laws import says_nothing_new
from simulators.published_mdocs import DATA, annex_d

LIMITS = Limits(max_bytes=1 << 20, max_depth=16, max_items=20_000)


@dataclass(frozen=True)
class Subject:
    """A document that verifies, and the judge of anything put in its place."""

    data: bytes
    judge: Callable[[bytes], AuthenticatedDocument]

    def outcome(self, data: bytes) -> str:
        """``nothing new``, or the name of the refusal; anything else fails the test."""
        try:
            document = self.judge(data)
        except (Refused, Undetermined) as unanswered:
            return unanswered.name
        return "nothing new" if says_nothing_new(document, self.judge(self.data)) else "ANOTHER DOCUMENT"


def _issued(*, mac: bool) -> Subject:
    issuer, transcript, reader = an_issuer(), a_transcript(), a_reader_key()
    anchors = TrustAnchors.from_certificates([issuer.root.public_bytes(Encoding.DER)])

    def judge(data: bytes) -> AuthenticatedDocument:
        return authenticate(
            data,
            trust_anchors=anchors,
            clock=CLOCK,
            status=StatusEvidence.none(),
            session_transcript=transcript,
            reader_key=reader,
        )

    return Subject(a_presentation(a_licence(issuer), transcript, reader_key=reader if mac else None), judge)


def _subjects() -> list[Subject]:
    found = [_issued(mac=False), _issued(mac=True)]
    if DATA is not None:
        vector = annex_d()
        found.append(Subject(vector.data, vector.authenticate))
    return found


SUBJECTS = _subjects()
ANSWERS = {"nothing new"} | set(failures())
subjects = st.sampled_from(SUBJECTS)


@given(subjects, st.data())
@settings(max_examples=250, deadline=None)
def test_a_changed_document_is_refused_or_says_nothing_new(subject: Subject, data: st.DataObject) -> None:
    """Bytes changed, cut out, doubled or put in anywhere: refused by name, or nothing it says is new."""
    changed = bytearray(subject.data)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(changed) - 1))
        length = data.draw(st.integers(0, 8))
        changed[start : start + length] = data.draw(
            st.binary(max_size=8) | st.just(bytes(changed[start : start + length]) * 2)
        )
    assert subject.outcome(bytes(changed)) in ANSWERS


@given(subjects, st.data())
@settings(max_examples=250, deadline=None)
def test_a_single_flipped_bit_is_refused_or_says_nothing_new(subject: Subject, data: st.DataObject) -> None:
    """The smallest change there is, anywhere in the bytes."""
    changed = bytearray(subject.data)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert subject.outcome(bytes(changed)) in ANSWERS


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered_by_name(data: bytes) -> None:
    """Bytes that are no document at all are refused by name."""
    assert SUBJECTS[0].outcome(data) in set(failures())


_leaves: st.SearchStrategy[CborValue] = (
    st.none()
    | st.booleans()
    | st.integers(-300, 300)
    | st.binary(max_size=4)
    | st.text(max_size=4)
    | st.builds(cbor.Tagged, st.sampled_from((0, 18, 1004)), st.text(max_size=4))
    | st.builds(cbor.embed, st.binary(max_size=4))
    | st.just([])
    | st.just({})
)


@given(subjects, st.data())
@settings(max_examples=300, deadline=None)
def test_a_value_of_another_kind_anywhere_is_answered_by_name(subject: Subject, data: st.DataObject) -> None:
    """Well-formed documents with something unexpected in one place: no place is taken for granted."""
    decoded = cbor.loads(subject.data, limits=LIMITS)
    path = data.draw(st.sampled_from(places(decoded)))
    changed = cbor.dumps(put(decoded, path, data.draw(_leaves)))
    assert subject.outcome(changed) in ANSWERS


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_cut_is_refused(subject: Subject) -> None:
    """A document that ends early, wherever, is truncated; nothing of it is used."""
    for length in range(0, len(subject.data), 7):
        assert subject.outcome(subject.data[:length]) == "cbor.truncated"
