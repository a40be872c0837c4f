"""Documents issued here, judged by somebody else's verifier."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import openvc.mdoc as oracle
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from openvc.errors import OpenvcError

from dongui.documents.mdoc.issuing import DigestAlgorithm
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.encoding.cbor import dumps, embed
from simulators.mdoc_certificates import key_for
from simulators.mdoc_drafting import mac_key
from simulators.mdoc_faults.device import device_faults
from simulators.mdoc_faults.encoding import encoding_faults
from simulators.mdoc_faults.issuer import issuer_faults
from simulators.mdoc_faults.sound import sound_documents
from simulators.mdoc_faults.structure import structure_faults
from simulators.mdoc_faults.trust import trust_faults
from simulators.mdoc_faults.vector import Vector
from simulators.mdoc_issuance import (
    NOW,
    TINY_PORTRAIT,
    a_licence,
    a_presentation,
    a_reader_key,
    a_staff_card,
    a_transcript,
    an_issuer,
)

ISSUING = Path(__file__).parents[2] / "docs/explanation/decisions/issuing.md"
NAMESPACE = "org.iso.18013.5.1"
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@pytest.mark.parametrize("digest", list(DigestAlgorithm))
@pytest.mark.parametrize("algorithm", [SigningAlgorithm.ES256, SigningAlgorithm.ES384])
def test_a_licence_issued_here_verifies_elsewhere(
    algorithm: SigningAlgorithm, digest: DigestAlgorithm
) -> None:
    """Another implementation accepts our issuer signature, path, digests and device signature."""
    issuer = an_issuer(algorithm=algorithm, root_algorithm=algorithm)
    holder = a_licence(issuer, digest=digest, device_algorithm=algorithm)
    [verified] = oracle.verify_device_response(
        a_presentation(holder, a_transcript()),
        trust_anchors=[issuer.root],
        session_transcript=a_transcript(),
        now=NOW + timedelta(days=1),
        expected_doc_type="org.iso.18013.5.1.mDL",
    )
    assert verified.device_signed
    elements = verified.elements(NAMESPACE)
    assert elements["portrait"] == TINY_PORTRAIT
    assert elements["birth_date"] == "1990-05-17"
    assert elements["driving_privileges"] == [{"vehicle_category_code": "B", "issue_date": "2024-03-01"}]


def test_an_ed25519_device_key_and_a_staff_document_verify_elsewhere() -> None:
    """Ed25519 device keys and document types of our own are no private dialect."""
    issuer = an_issuer()
    for holder in (a_licence(issuer, device_algorithm=SigningAlgorithm.EDDSA), a_staff_card(issuer)):
        [verified] = oracle.verify_device_response(
            a_presentation(holder, a_transcript()),
            trust_anchors=[issuer.root],
            session_transcript=a_transcript(),
            now=NOW,
        )
        assert verified.doc_type == holder.document.document_type


def test_a_device_mac_verifies_elsewhere() -> None:
    """The oracle takes the MAC key itself, so this derivation is written out a second time, by the clause."""
    issuer, reader, transcript = an_issuer(), a_reader_key(), a_transcript()
    holder = a_licence(issuer)
    device_key = holder.key.public_key()
    assert isinstance(device_key, ec.EllipticCurvePublicKey)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(dumps(embed(transcript)))
    derivation = HKDF(hashes.SHA256(), length=32, salt=digest.finalize(), info=b"EMacKey")
    mac_key = derivation.derive(reader.exchange(ec.ECDH(), device_key))
    [verified] = oracle.verify_device_response(
        a_presentation(holder, transcript, reader_key=reader),
        trust_anchors=[issuer.root],
        session_transcript=transcript,
        now=NOW,
        device_mac_key=mac_key,
    )
    assert verified.device_signed


def test_single_faults_are_refused_elsewhere() -> None:
    """The oracle is no rubber stamp: each of these differs from what it accepts in one thing."""
    issuer, transcript = an_issuer(), a_transcript()
    shown = a_presentation(a_licence(issuer), transcript)

    def judge(data: bytes, *, root: object = issuer.root, session: bytes = transcript, days: int = 0) -> None:
        oracle.verify_device_response(
            data, trust_anchors=[root], session_transcript=session, now=NOW + timedelta(days=days)
        )

    judge(shown)
    at = shown.index(b"Haneul")
    with pytest.raises(oracle.MdocDigestMismatch):
        judge(shown[:at] + b"N" + shown[at + 1 :])
    with pytest.raises(oracle.MdocTrustError):
        judge(shown, root=an_issuer().root)
    with pytest.raises(oracle.MdocDeviceAuthError):
        judge(shown, session=a_transcript(b"another session"))
    with pytest.raises(oracle.MdocValidityError):
        judge(shown, days=91)
    with pytest.raises(oracle.MdocTrustError):
        judge(shown, days=401)


def judge_elsewhere(vector: Vector) -> None:
    """Put one vector before the oracle, its MAC key derived from what the vector holds."""
    judging, key = vector.judging, None
    if judging.reader_key is not None and judging.transcript is not None:
        curve = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}[
            judging.reader_key.curve.name
        ]
        key = mac_key(key_for("draft device", curve), judging.reader_key, judging.transcript)
    oracle.verify_device_response(
        vector.document,
        trust_anchors=[x509.load_der_x509_certificate(anchor) for anchor in judging.anchors],
        session_transcript=judging.transcript,
        now=judging.at,
        leeway_s=0,
        device_mac_key=key,
    )


@pytest.mark.parametrize("vector", list(sound_documents()), ids=lambda vector: vector.name)
def test_sound_vectors_verify_elsewhere(vector: Vector) -> None:
    """The vectors are right by another reading of the standard too, where the oracle knows the algorithm."""
    if vector.stage == "sound-not-bound" or vector.name == "device-key-compressed" or "es512" in vector.name:
        pytest.skip("the oracle reads no unbound documents, compressed keys or ES512")
    judge_elsewhere(vector)


def test_most_faults_are_refused_elsewhere_too() -> None:
    """Most are faults to the oracle as well; it checks less of Annex B than we do. A page counts them."""
    accepted = total = 0
    for faults in (encoding_faults, structure_faults, issuer_faults, device_faults, trust_faults):
        for vector in faults():
            total += 1
            with suppress(OpenvcError):
                judge_elsewhere(vector)
                accepted += 1
    assert total - accepted >= 165
    page = " ".join(ISSUING.read_text(encoding="utf-8").split())
    assert f"`openvc-core` accepts {accepted} of the {total} that need no revocation list" in page
