"""Documents built to keep the verifier busy or to fill its memory, by somebody nobody has authenticated."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.errors import Refused
from simulators.mdoc_drafting import NAMESPACE, Draft
from simulators.mdoc_issuance import CLOCK
from simulators.plain_cbor import Embedded, plain

ANCHORS = TrustAnchors.from_certificates([Draft().root.sign()])


def _refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        authenticate(
            data,
            trust_anchors=ANCHORS,
            clock=CLOCK,
            status=StatusEvidence.none(),
            session_transcript=None,
            reader_key=None,
        )
    return refusal.value.name


def _with_items(items: list[object]) -> bytes:
    draft = Draft()
    draft.edits["shown"] = lambda shown: {NAMESPACE: items}
    return draft.build()


def test_as_many_elements_as_fit_each_as_full_as_may_be() -> None:
    """The dearest document within the limits costs seconds of CPU at the very most, and is then refused."""
    full = {"digestID": 0, "random": bytes(16), "elementIdentifier": "x", "elementValue": [0] * 980}
    data = _with_items([Embedded(plain(full))] * 470)
    before = time.process_time()
    assert _refusal(data) == "mdoc.digest-mismatch"
    assert time.process_time() - before < 8  # measured: 0.8; the limit leaves room for slow machines


def test_more_elements_than_any_document_holds() -> None:
    """The number of elements is bounded before any of them is read."""
    assert _refusal(_with_items([Embedded(b"\xa0")] * 500)) == "cbor.too-many-items"


def test_an_element_with_more_items_than_any_element_holds() -> None:
    """The number of items inside an element is bounded too."""
    full = {"digestID": 0, "random": bytes(16), "elementIdentifier": "x", "elementValue": [0] * 1_000}
    assert _refusal(_with_items([Embedded(plain(full))])) == "cbor.too-many-items"


def test_bytes_beyond_the_limit_are_not_read() -> None:
    """4 MiB and one byte are refused for their number, at no cost in memory."""
    data = bytes(4 * 1024 * 1024 + 1)
    tracemalloc.start()
    try:
        assert _refusal(data) == "cbor.too-large"
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("depth", [12, 17, 100_000])
def test_nesting_inside_an_element(depth: int) -> None:
    """Depth is bounded inside embedded items as outside; within the bound nothing recurses far."""
    head = plain({"digestID": 0, "random": bytes(16), "elementIdentifier": "x"})
    item = bytes([head[0] + 1]) + head[1:] + plain("elementValue") + b"\x81" * depth + b"\x00"
    expect = "mdoc.digest-mismatch" if depth < 16 else "cbor.too-deep"
    assert _refusal(_with_items([Embedded(item)])) == expect
