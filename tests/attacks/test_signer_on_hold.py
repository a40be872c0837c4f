"""A signer whose authority put it on hold: a stolen key must not sign while somebody looks into it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.errors import Refused
from simulators.mdoc_drafting import Draft
from simulators.mdoc_issuance import CLOCK, NOW
from simulators.revocation_drafting import MAX_AGE, revocation_list

_ON_HOLD, _DAY = 6, timedelta(days=1)


def _judge(*lists: tuple[timedelta, bool]) -> AuthenticatedDocument:
    """Judge a sound document beside lists of this age, each naming its signer as on hold or not at all."""
    draft = Draft()
    written = [
        revocation_list(
            draft.root,
            {draft.signer.serial_number: _ON_HOLD} if held else {},
            this_update=NOW - age,
            next_update=NOW + 7 * _DAY,
        )
        for age, held in lists
    ]
    anchors = TrustAnchors.from_certificates([draft.root.sign()])
    return authenticate(
        draft.build(),
        trust_anchors=anchors.with_revocation(RevocationLists.from_bytes(written, max_age=MAX_AGE)),
        clock=CLOCK,
        status=StatusEvidence.none(),
        session_transcript=draft.transcript,
        reader_key=draft.reader_key,
    )


@pytest.mark.parametrize(
    "lists",
    [
        [(_DAY, True)],
        [(_DAY, True), (2 * _DAY, False)],
        [(_DAY, False), (_DAY, True)],
    ],
    ids=["alone", "beside-an-older-list", "beside-one-of-the-same-moment"],
)
def test_a_signer_on_hold_signs_nothing(lists: list[tuple[timedelta, bool]]) -> None:
    """RFC 5280, 6.3.3 j: whatever the reason on the newest list, the certificate is not valid now."""
    with pytest.raises(Refused) as refused:
        _judge(*lists)
    assert refused.value.name == "trust.signer-revoked"
    assert "on hold" in refused.value.detail


def test_a_hold_that_was_lifted_is_no_mark() -> None:
    """What only an older list said counts no more: the authority took it back."""
    document = _judge((_DAY, False), (2 * _DAY, True))
    assert "mdoc.revocation-not-checked" not in document.remarks
