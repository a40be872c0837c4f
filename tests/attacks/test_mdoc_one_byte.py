"""The attack: change one byte of a genuine document, anywhere, and hope that nobody looks there."""

from __future__ import annotations

import pytest

from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.environment import FixedClock
from dongui.errors import Refused
from simulators.mdoc_drafting import Draft
from simulators.mdoc_faults.vector import AT


@pytest.mark.parametrize("flip", [0x01, 0x80], ids=["lowest-bit", "highest-bit"])
def test_no_byte_of_a_presentation_can_be_changed(flip: int) -> None:
    """Every byte is under a signature, a digest or a rule: whichever is altered, the document is refused."""
    draft = Draft(label="one byte", elements=3)
    document = draft.build()
    anchors = TrustAnchors.from_certificates([draft.root.sign()])

    def judge(data: bytes) -> None:
        authenticate(
            data,
            trust_anchors=anchors,
            clock=FixedClock(AT),
            status=StatusEvidence.none(),
            session_transcript=draft.transcript,
            reader_key=None,
        )

    judge(document)
    altered = bytearray(document)
    for at in range(len(document)):
        altered[at] ^= flip
        with pytest.raises(Refused):
            judge(bytes(altered))
        altered[at] ^= flip
