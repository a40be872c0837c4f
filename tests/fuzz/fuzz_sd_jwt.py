"""Fuzz the SD-JWT verifier: bytes as they come, and presentations with something changed in them, also below
the issuer's signature.

Every answer is a named refusal, or a document that says nothing its issuer did not sign; anything else is a
finding. Run from the root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_sd_jwt.py -max_total_time=900 -max_len=4096
"""

from __future__ import annotations

import json
import sys

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding
    from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
    from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation
    from dongui.documents.sd_jwt.verifying import authenticate
    from dongui.documents.status import StatusEvidence
    from dongui.documents.trust import TrustAnchors
    from dongui.environment import FixedClock
    from dongui.errors import Refused, Undetermined

from simulators.sd_jwt_drafting import AT, CLIENT_ID, NONCE, TYPE, Draft, RawJson, Shown

DOCUMENT = Draft().build()
ISSUERS = SdJwtIssuers(TrustAnchors.from_certificates([Draft().root.sign()]), {}, frozenset({TYPE}))
EXPECTATION = KeyBindingExpectation(NONCE, CLIENT_ID)
NONE = StatusEvidence.none()


def judge(data: bytes) -> AuthenticatedDocument:
    """The verifier."""
    return authenticate(
        data, issuers=ISSUERS, clock=FixedClock(AT), nonce_and_audience=EXPECTATION, status=NONE
    )


SIGNED = judge(DOCUMENT).issuer_signed


def _edited(fuzz: atheris.FuzzedDataProvider) -> bytes:
    """The presentation with up to four runs of bytes exchanged for others."""
    changed = bytearray(DOCUMENT)
    for _ in range(fuzz.ConsumeIntInRange(1, 4)):
        start = fuzz.ConsumeIntInRange(0, max(len(changed) - 1, 0))
        changed[start : start + fuzz.ConsumeIntInRange(0, 8)] = fuzz.ConsumeBytes(
            fuzz.ConsumeIntInRange(0, 8)
        )
    return bytes(changed)


def _signed_anew(fuzz: atheris.FuzzedDataProvider) -> bytes:
    """A payload and a disclosure as they come, signed by an issuer who is trusted and hostile."""
    draft = Draft(bound=fuzz.ConsumeBool())
    text = bytearray(json.dumps(draft.claims).encode())
    start = fuzz.ConsumeIntInRange(0, len(text))
    text[start : start + fuzz.ConsumeIntInRange(0, 16)] = fuzz.ConsumeBytes(32)
    draft.edits["payload"] = lambda _: RawJson(bytes(text))
    draft.shown.append(Shown(RawJson(fuzz.ConsumeBytes(128))))
    return draft.build()


def test_one_input(data: bytes) -> None:
    """One input: raw bytes, bytes exchanged, or a hostile issuer's own."""
    fuzz = atheris.FuzzedDataProvider(data)
    kind = fuzz.ConsumeIntInRange(0, 2)
    changed = fuzz.ConsumeBytes(len(data)) if kind == 0 else (_edited if kind == 1 else _signed_anew)(fuzz)
    try:
        answer = judge(changed)
    except (Refused, Undetermined):
        return
    if kind < 2 and answer.issuer_signed != SIGNED:
        raise AssertionError("a changed document was accepted as another one")
    if kind < 2 and answer.holder_binding is HolderBinding.KEY_BINDING and changed.strip() != DOCUMENT:
        raise AssertionError("a changed presentation was accepted as bound")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
