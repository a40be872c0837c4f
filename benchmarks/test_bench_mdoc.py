"""Verifications of ISO/IEC 18013-5 Annex D a second, beside openvc-core's on the same bytes.

Both verify issuer path, signature, digests, validity and the device's MAC. openvc-core is handed the MAC key;
here it is derived (ECDH and HKDF), as a reader must, and the certificate profiles, the anchor's own signature
and every length are checked too; the page says so above its figures. A tampered copy is measured as well:
refusing must not cost more than accepting.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import openvc.mdoc as other
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.mdoc.device_authentication import mac_key
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.encoding import cbor
from dongui.encoding.cbor import EmbeddedCbor, Limits
from dongui.environment import FixedClock
from dongui.errors import Refused

DATA = os.environ.get("DONGUI_TEST_DATA")
pytestmark = [
    pytest.mark.benchmark(group="mdoc"),
    pytest.mark.skipif(DATA is None, reason="DONGUI_TEST_DATA unset: Annex D verifications not measured"),
]


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    def __call__(self, target: Callable[[], object]) -> object:
        """Measure ``target``."""


class AnnexD:
    """Annex D with everything either verifier wants."""

    def __init__(self) -> None:
        folder = Path(DATA or ".") / "vectors" / "mdoc"
        fields = json.loads((folder / "annex-d.json").read_text(encoding="utf-8"))
        transcript = cbor.loads(
            bytes.fromhex(fields["session_transcript_bytes"]),
            limits=Limits(max_bytes=10_000, max_depth=8, max_items=100),
        )
        assert isinstance(transcript, EmbeddedCbor)
        self.data = bytes.fromhex(fields["device_response"])
        self.transcript = transcript.content
        self.root = (folder / "annex-d-iaca-root.pem").read_bytes()
        self.anchors = TrustAnchors.from_certificates([self.root])
        self.clock = FixedClock(datetime(2021, 3, 1, tzinfo=UTC))
        curve = ec.SECP256R1()
        self.reader_key = ec.derive_private_key(int(fields["ephemeral_reader_key_d"], 16), curve)
        device = ec.derive_private_key(int(fields["static_device_key_d"], 16), curve)
        self.mac_key = mac_key(self.reader_key, device.public_key(), self.transcript)

    def verify(self, data: bytes) -> object:
        """Verify here."""
        return authenticate(
            data,
            trust_anchors=self.anchors,
            clock=self.clock,
            status=StatusEvidence.none(),
            session_transcript=self.transcript,
            reader_key=self.reader_key,
        )


@pytest.fixture(scope="module")
def annex_d() -> AnnexD:
    """Annex D, read once."""
    return AnnexD()


def test_verifying_annex_d(benchmark: Benchmark, annex_d: AnnexD) -> None:
    """Whole verifications a second."""
    benchmark(lambda: annex_d.verify(annex_d.data))


def test_refusing_a_tampered_annex_d(benchmark: Benchmark, annex_d: AnnexD) -> None:
    """Refusals a second, of one byte changed in an element."""
    tampered = annex_d.data.replace(b"Doe", b"Dof")

    def refused() -> str:
        with pytest.raises(Refused) as refusal:
            annex_d.verify(tampered)
        return refusal.value.name

    assert benchmark(refused) == "mdoc.digest-mismatch"


def test_verifying_annex_d_with_openvc_core(benchmark: Benchmark, annex_d: AnnexD) -> None:
    """openvc-core's verifications a second, its MAC key already derived."""
    root = x509.load_pem_x509_certificate(annex_d.root)
    benchmark(
        lambda: other.verify_device_response(
            annex_d.data,
            trust_anchors=[root],
            session_transcript=annex_d.transcript,
            now=annex_d.clock.now(),
            device_mac_key=annex_d.mac_key,
        )
    )


def test_reading_annex_d(benchmark: Benchmark, annex_d: AnnexD) -> None:
    """The bounded CBOR reader alone, on the outer structure."""
    limits = Limits(max_bytes=10_000, max_depth=16, max_items=1_000)
    benchmark(lambda: cbor.loads(annex_d.data, limits=limits))
