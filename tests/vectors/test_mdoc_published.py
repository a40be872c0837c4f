"""Documents nobody here made: Annex D of the standard, and those of two issuers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openvc.mdoc as oracle
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from openvc import cbor as oracle_cbor

from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding, Treatment
from dongui.documents.mdoc.device_authentication import mac_key
from dongui.documents.mdoc.verifying import require_bound
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.certificate import read_certificate
from dongui.documents.trust.profile import check_anchor_profile
from dongui.encoding import cbor
from dongui.errors import Refused
from simulators.published_mdocs import DATA, LIMITS, annex_d, bdr, france, needs_published_mdocs

pytestmark = needs_published_mdocs

MDL = "org.iso.18013.5.1"


def _values(document: AuthenticatedDocument) -> dict[tuple[str, str], object]:
    return {(element.namespace, element.identifier): element.value for element in document.elements}


def test_annex_d_verifies_whole() -> None:
    """ISO/IEC 18013-5, Annex D: issuer, elements, validity and the device's MAC over its session."""
    document = require_bound(annex_d().authenticate())
    assert document.holder_binding is HolderBinding.DEVICE_MAC
    assert document.document_type == "org.iso.18013.5.1.mDL"
    assert document.issuer == "C=US,CN=utopia iaca"
    assert document.signed_at == datetime(2020, 10, 1, 13, 30, 2, tzinfo=UTC)
    assert document.valid_until == datetime(2021, 10, 1, 13, 30, 2, tzinfo=UTC)
    assert _values(document)[MDL, "family_name"] == "Doe"
    assert _values(document)[MDL, "expiry_date"] == "2024-10-20"
    assert {element.treatment for element in document.elements} == {Treatment.VERIFIED}
    published = json.loads((Path(DATA or "") / "vectors/mdoc/annex-d.json").read_text(encoding="utf-8"))
    assert document.portrait is not None
    assert document.portrait.hex() == published["device_response_portrait_data"]
    # Country, authority and number were not all shown, so the document names nobody to the issuer.
    assert document.subject is None
    assert len(document.issuer_signed) == 32


def test_a_view_is_judged_like_bytes() -> None:
    """A document held in a buffer that will be overwritten is verified through its view."""
    vector = annex_d()
    assert vector.authenticate(memoryview(bytearray(vector.data))) == vector.authenticate()


def test_both_ends_of_annex_d_derive_one_mac_key() -> None:
    """9.1.3.5: the device's private key and the reader's public one give the reader's own key."""
    vector = annex_d()
    fields = json.loads((Path(DATA or "") / "vectors/mdoc/annex-d.json").read_text(encoding="utf-8"))
    device = ec.derive_private_key(int(fields["static_device_key_d"], 16), ec.SECP256R1())
    assert vector.transcript is not None
    assert vector.reader_key is not None
    ours = mac_key(vector.reader_key, device.public_key(), vector.transcript)
    assert ours == mac_key(device, vector.reader_key.public_key(), vector.transcript)


@pytest.mark.parametrize("moment", ["2020-10-01T13:30:02", "2021-10-01T00:00:00"])
def test_annex_d_is_valid_from_its_first_to_its_last_second(moment: str) -> None:
    """Both ends of a period are inside; the certificate of the signer ends first."""
    annex_d().authenticate(at=datetime.fromisoformat(moment).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "expect"),
    [
        ("2020-09-30T23:59:59", "trust.signer-not-yet-valid"),
        ("2020-10-01T13:30:01", "mdoc.not-yet-valid"),
        ("2021-10-01T00:00:01", "trust.signer-expired"),
        ("2026-11-22T00:00:00", "trust.signer-expired"),
    ],
)
def test_annex_d_at_another_time_is_refused(moment: str, expect: str) -> None:
    """The same bytes a second too early or too late are refused, and the name says which end."""
    with pytest.raises(Refused) as refusal:
        annex_d().authenticate(at=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert refusal.value.name == expect


def test_annex_d_in_another_session_is_refused() -> None:
    """A replayed presentation: right document, right device, another session's transcript."""
    vector = annex_d()
    other = replace(vector, transcript=cbor.dumps([None, None, ["another"]]))
    with pytest.raises(Refused, match=r"mdoc\.device-mac-invalid"):
        other.authenticate()


def test_annex_d_without_or_with_another_reader_key_is_refused() -> None:
    """A MAC that cannot be checked, or checks under another key, binds nobody."""
    vector = annex_d()
    for key, expect in (
        (None, r"mdoc\.reader-key-missing"),
        (ec.generate_private_key(ec.SECP256R1()), r"mdoc\.device-mac-invalid"),
        (ec.generate_private_key(ec.SECP384R1()), r"mdoc\.device-mac-curve"),
    ):
        with pytest.raises(Refused, match=expect):
            replace(vector, reader_key=key).authenticate()


def test_france_verifies_in_its_issuer_part_alone() -> None:
    """The session of this response was never published: shown as not bound, refused where that is needed."""
    document = france().authenticate()
    assert document.holder_binding is HolderBinding.NOT_BOUND
    assert document.portrait is not None
    with pytest.raises(Refused, match=r"mdoc\.holder-not-bound"):
        require_bound(document)


def test_france_in_a_session_is_refused() -> None:
    """Its device signature is over somebody else's session."""
    other = replace(france(), transcript=annex_d().transcript)
    with pytest.raises(Refused, match=r"mdoc\.device-signature-invalid"):
        other.authenticate()


def test_bdr_verifies_in_its_issuer_part_alone() -> None:
    """A bare IssuerSigned, its elements not in shortest or sorted form, under its pinned signer."""
    document = bdr().authenticate()
    assert document.holder_binding is HolderBinding.NOT_BOUND
    assert len(document.elements) == 18
    assert document.portrait is not None
    assert len(document.portrait) == 3580
    assert document.subject == cbor.dumps(["DE", "FE-Beh. Stadt Köln-Ehrenfeld", "RYZ1812341"])
    with pytest.raises(Refused, match=r"mdoc\.holder-not-bound"):
        require_bound(document)


def test_bdr_names_itself_nowhere_in_its_repr() -> None:
    """What is printed or logged of a document holds nothing about the person."""
    shown = repr(bdr().authenticate()) + repr(bdr().authenticate().elements)
    for secret in ("Mustermann", "Erika", "RYZ1812341", "JFIF"):
        assert secret not in shown


def test_a_signers_certificate_is_no_authority() -> None:
    """The published certificate is the signer's: trusted as a root it vouches for nothing."""
    vector = bdr()
    assert vector.pinned is not None
    with pytest.raises(Refused, match=r"trust\.unknown-issuer.*put it in pinned-document-signers/"):
        replace(vector, root=vector.pinned, pinned=None).authenticate()


def test_a_strangers_root_is_refused() -> None:
    """Annex D's root does not vouch for the other issuer's document."""
    with pytest.raises(Refused, match=r"trust\.unknown-issuer"):
        replace(bdr(), root=annex_d().root, pinned=None).authenticate()


def test_every_root_of_a_national_list_fits_the_profile() -> None:
    """The roots in AAMVA's published list all pass the profile of Annex B: it is strict, not fanciful."""
    [file] = (Path(DATA or "") / "vectors/mdoc/vical").glob("*.cbor")
    message = cbor.loads(file.read_bytes(), limits=LIMITS)
    sequence = message.value if isinstance(message, cbor.Tagged) else message
    assert isinstance(sequence, list)
    assert isinstance(sequence[2], bytes)
    listed = cbor.loads(sequence[2], limits=LIMITS)
    assert isinstance(listed, dict)
    assert isinstance(listed["certificateInfos"], list)
    encoded = [info["certificate"] for info in listed["certificateInfos"] if isinstance(info, dict)]
    assert len(encoded) == 14
    for certificate in encoded:
        assert isinstance(certificate, bytes)
        check_anchor_profile(read_certificate(certificate))
    assert len(TrustAnchors.from_certificates(c for c in encoded if isinstance(c, bytes))) == 14


# The oracle: another implementation judges the same bytes.


def _oracle_root(pem: bytes | None) -> x509.Certificate:
    assert pem is not None
    return x509.load_pem_x509_certificate(pem)


def test_the_oracle_agrees_on_annex_d() -> None:
    """openvc-core accepts what is accepted here, with the same elements and the same moments."""
    vector, document = annex_d(), annex_d().authenticate()
    assert vector.transcript is not None
    assert vector.reader_key is not None
    fields = json.loads((Path(DATA or "") / "vectors/mdoc/annex-d.json").read_text(encoding="utf-8"))
    device = ec.derive_private_key(int(fields["static_device_key_d"], 16), ec.SECP256R1()).public_key()
    [theirs] = oracle.verify_device_response(
        vector.data,
        trust_anchors=[_oracle_root(vector.root)],
        session_transcript=vector.transcript,
        now=vector.moment,
        device_mac_key=mac_key(vector.reader_key, device, vector.transcript),
    )
    assert theirs.device_signed
    assert {(MDL, name): value for name, value in theirs.elements(MDL).items()} == _values(document)
    assert theirs.validity.valid_until == document.valid_until


def test_the_oracle_agrees_on_france_and_bdr() -> None:
    """The same issuer parts verify there, with the same elements; bdr's under its signer as the anchor."""
    for vector, is_response in ((france(), True), (bdr(), False)):
        decoded = oracle_cbor.decode(vector.data)
        bare = {"docType": "org.iso.18013.5.1.mDL", "issuerSigned": decoded}
        theirs = oracle.verify_issuer_signed(
            decoded["documents"][0] if is_response else bare,
            trust_anchors=[_oracle_root(vector.root or vector.pinned)],
            now=vector.moment,
            leeway_s=0,
        )
        assert {(n, k): v for n, values in theirs.namespaces.items() for k, v in values.items()} == _values(
            vector.authenticate()
        )
