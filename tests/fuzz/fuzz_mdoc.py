"""Fuzz the whole verifier: bytes as they come, and documents that verify with something changed in them.

Every answer is a named refusal, or a document that says nothing new; anything else is a finding. The
documents are two issued here (signature and MAC) and, with ``DONGUI_TEST_DATA`` set, ISO/IEC 18013-5 Annex D.
Run from the root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_mdoc.py -max_total_time=600 -max_len=4096
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import atheris
from cryptography.hazmat.primitives.serialization import Encoding

with atheris.instrument_imports(include=["dongui"]):
    from dongui.documents.authenticated import AuthenticatedDocument
    from dongui.documents.mdoc.verifying import authenticate
    from dongui.documents.status import StatusEvidence
    from dongui.documents.trust import TrustAnchors
    from dongui.encoding import cbor
    from dongui.errors import Refused, Undetermined

from simulators.cbor_surgery import places, put
from simulators.mdoc_issuance import CLOCK, a_licence, a_presentation, a_reader_key, a_transcript, an_issuer
from simulators.mdoc_laws import says_nothing_new
from simulators.published_mdocs import DATA, annex_d

LIMITS = cbor.Limits(max_bytes=1 << 20, max_depth=16, max_items=20_000)
Judge = Callable[[bytes], AuthenticatedDocument]


def _issued(*, mac: bool) -> tuple[bytes, Judge]:
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

    return a_presentation(a_licence(issuer), transcript, reader_key=reader if mac else None), judge


DOCUMENTS = [_issued(mac=False), _issued(mac=True)]
if DATA is not None:
    DOCUMENTS.append((annex_d().data, annex_d().authenticate))
EXPECTED = [judge(data) for data, judge in DOCUMENTS]
VALUES: list[cbor.CborValue] = [
    None,
    True,
    0,
    -1,
    2**63,
    1.5,
    b"",
    "",
    [],
    {},
    [[]],
    {"a": 0},
    cbor.embed(b"\xa0"),
]
PLACES = [places(cbor.loads(data, limits=LIMITS)) for data, _ in DOCUMENTS]


def _edited(document: bytes, fuzz: atheris.FuzzedDataProvider) -> bytes:
    """The document with up to four runs of bytes exchanged for others."""
    changed = bytearray(document)
    for _ in range(fuzz.ConsumeIntInRange(1, 4)):
        start = fuzz.ConsumeIntInRange(0, max(len(changed) - 1, 0))
        changed[start : start + fuzz.ConsumeIntInRange(0, 8)] = fuzz.ConsumeBytes(
            fuzz.ConsumeIntInRange(0, 8)
        )
    return bytes(changed)


def _operated(document: bytes, number: int, fuzz: atheris.FuzzedDataProvider) -> bytes:
    """The document with any CBOR value in one of its places."""
    path = PLACES[number][fuzz.ConsumeIntInRange(0, len(PLACES[number]) - 1)]
    try:
        new = cbor.loads(fuzz.ConsumeBytes(64), limits=LIMITS)
    except Refused:
        new = VALUES[fuzz.ConsumeIntInRange(0, len(VALUES) - 1)]
    return cbor.dumps(put(cbor.loads(document, limits=LIMITS), path, new))


def test_one_input(data: bytes) -> None:
    """One input: raw bytes, bytes exchanged in a document, or a value exchanged in it."""
    fuzz = atheris.FuzzedDataProvider(data)
    number = fuzz.ConsumeIntInRange(0, len(DOCUMENTS) - 1)
    document, judge = DOCUMENTS[number]
    kind = fuzz.ConsumeIntInRange(0, 2)
    if kind == 0:
        changed = fuzz.ConsumeBytes(len(data))
    elif kind == 1:
        changed = _edited(document, fuzz)
    else:
        changed = _operated(document, number, fuzz)
    try:
        answer = judge(changed)
    except (Refused, Undetermined):
        return
    if not says_nothing_new(answer, EXPECTED[number]):
        raise AssertionError("a changed document was accepted as another one")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
