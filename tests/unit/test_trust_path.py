"""The path from a document signer to an anchor: each departure from the profile has its own name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dongui.documents.trust import AnchorKind, TrustAnchors, verify_path
from dongui.errors import Refused
from simulators.mdoc_certificates import CertificatePlan, key_for, name_of, root_plan, signer_plan, usage

AT = datetime(2026, 11, 22, tzinfo=UTC)
Change = Callable[[CertificatePlan], object]


def _judge(root: CertificatePlan, signer: CertificatePlan, *more: bytes, at: datetime = AT) -> str:
    anchors = TrustAnchors.from_certificates([root.sign()])
    verified = verify_path([signer.sign(), *more], anchors=anchors, at=at)
    assert verified.key == signer.key.public_key()
    return verified.anchor.certificate.name


def _identifier(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    )


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
def test_a_path_of_the_profile_is_verified(algorithm: str) -> None:
    """Signer and root as Annex B describes them: the path ends in the root, also when it was sent along."""
    root = root_plan(algorithm=algorithm)
    signer = signer_plan(root, algorithm=algorithm)
    assert _judge(root, signer) == "CN=Utopia IACA,C=UT"
    assert _judge(root, signer, root.sign()) == "CN=Utopia IACA,C=UT"


def _drop(name: str) -> Change:
    return lambda plan: plan.extensions.pop(name)


def _put(name: str, extension: x509.ExtensionType, *, critical: bool) -> Change:
    return lambda plan: plan.extensions.update({name: (extension, critical)})


_P256K1 = key_for("other curve", "secp256k1")
_OTHER = key_for("somebody else")
_PURPOSE = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.0.18013.5.1.2")])
_LONG = timedelta(days=457, seconds=1)

SIGNER_FAULTS: dict[str, tuple[Change, str]] = {
    "signed by another key of the same name": (
        lambda plan: setattr(plan, "signed_by", _OTHER),
        "trust.signature-invalid",
    ),
    "signed with SHA-224": (lambda plan: setattr(plan, "hash", hashes.SHA224()), "trust.signature-algorithm"),
    "issued by another name": (
        lambda plan: setattr(plan, "issuer", name_of("Utopia IACA 2")),
        "trust.unknown-issuer",
    ),
    "not yet valid": (
        lambda plan: setattr(plan, "not_before", AT + timedelta(seconds=1)),
        "trust.signer-not-yet-valid",
    ),
    "expired": (lambda plan: setattr(plan, "not_after", AT - timedelta(seconds=1)), "trust.signer-expired"),
    "valid for 457 days and a second": (
        lambda plan: setattr(plan, "not_after", plan.not_before + _LONG),
        "trust.signer-validity-too-long",
    ),
    "an authority": (
        _put("bc", x509.BasicConstraints(ca=True, path_length=None), critical=True),
        "trust.signer-is-authority",
    ),
    "no key usage": (_drop("keyUsage"), "trust.signer-key-usage"),
    "key usage not critical": (
        _put("keyUsage", usage("digital_signature"), critical=False),
        "trust.signer-key-usage",
    ),
    "key usage of an authority": (
        _put("keyUsage", usage("digital_signature", "key_cert_sign"), critical=True),
        "trust.signer-key-usage",
    ),
    "no purpose": (_drop("extendedKeyUsage"), "trust.signer-extended-key-usage"),
    "purpose not critical": (
        _put("extendedKeyUsage", _PURPOSE, critical=False),
        "trust.signer-extended-key-usage",
    ),
    "a web server's purpose": (
        _put("extendedKeyUsage", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=True),
        "trust.signer-extended-key-usage",
    ),
    "a reader's purpose": (
        _put(
            "extendedKeyUsage",
            x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.0.18013.5.1.6")]),
            critical=True,
        ),
        "trust.signer-extended-key-usage",
    ),
    "a key on another curve": (lambda plan: setattr(plan, "key", _P256K1), "trust.signer-key"),
    "no authority key identifier": (_drop("authorityKeyIdentifier"), "trust.key-identifier-missing"),
    "no subject key identifier": (_drop("subjectKeyIdentifier"), "trust.key-identifier-missing"),
    "another authority key identifier": (
        _put("authorityKeyIdentifier", _identifier(_OTHER), critical=False),
        "trust.key-identifier-mismatch",
    ),
    "another country": (
        lambda plan: setattr(plan, "subject", name_of("Utopia signer", country="XX")),
        "trust.country-mismatch",
    ),
    "the country in small letters": (
        lambda plan: setattr(plan, "subject", name_of("Utopia signer", country="ut")),
        "trust.country-mismatch",
    ),
    "no country": (
        lambda plan: setattr(
            plan, "subject", x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Utopia signer")])
        ),
        "trust.country-missing",
    ),
    "no issuer alternative name": (_drop("issuerAltName"), "trust.issuer-alternative-name-missing"),
    "no revocation list": (_drop("cRLDistributionPoints"), "trust.revocation-point-missing"),
    "an unknown critical extension": (
        _put("x", x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical=True),
        "trust.extension-not-understood",
    ),
    "name constraints": (
        _put(
            "nc",
            x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.org")], excluded_subtrees=None),
            critical=False,
        ),
        "trust.extension-forbidden",
    ),
}


@pytest.mark.parametrize(("change", "expect"), SIGNER_FAULTS.values(), ids=SIGNER_FAULTS.keys())
def test_a_fault_in_the_signers_certificate(change: Change, expect: str) -> None:
    """One departure from table B.3, everything else right and rightly signed: refused, by its name."""
    root = root_plan()
    signer = signer_plan(root)
    change(signer)
    with pytest.raises(Refused) as refusal:
        _judge(root, signer)
    assert refusal.value.name == expect


ROOT_FAULTS: dict[str, tuple[Change, str]] = {
    "not yet valid": (
        lambda plan: setattr(plan, "not_before", AT + timedelta(seconds=1)),
        "trust.anchor-not-yet-valid",
    ),
    "expired": (lambda plan: setattr(plan, "not_after", AT - timedelta(seconds=1)), "trust.anchor-expired"),
    "no constraints": (_drop("basicConstraints"), "trust.anchor-not-authority"),
    "constraints not critical": (
        _put("basicConstraints", x509.BasicConstraints(ca=True, path_length=0), critical=False),
        "trust.anchor-not-authority",
    ),
    "no authority": (
        _put("basicConstraints", x509.BasicConstraints(ca=False, path_length=None), critical=True),
        "trust.anchor-not-authority",
    ),
    "authorities below it": (
        _put("basicConstraints", x509.BasicConstraints(ca=True, path_length=1), critical=True),
        "trust.anchor-path-length",
    ),
    "any number of authorities below it": (
        _put("basicConstraints", x509.BasicConstraints(ca=True, path_length=None), critical=True),
        "trust.anchor-path-length",
    ),
    "no key usage": (_drop("keyUsage"), "trust.anchor-key-usage"),
    "key usage not critical": (
        _put("keyUsage", usage("key_cert_sign", "crl_sign"), critical=False),
        "trust.anchor-key-usage",
    ),
    "a signer's usage": (
        _put("keyUsage", usage("digital_signature"), critical=True),
        "trust.anchor-key-usage",
    ),
    "no subject key identifier": (_drop("subjectKeyIdentifier"), "trust.key-identifier-missing"),
    "no issuer alternative name": (_drop("issuerAltName"), "trust.issuer-alternative-name-missing"),
    "signed by somebody else": (
        lambda plan: setattr(plan, "signed_by", _OTHER),
        "trust.anchor-not-self-signed",
    ),
    "issued by somebody else": (
        lambda plan: setattr(plan, "issuer", name_of("Somebody")),
        "trust.anchor-not-self-signed",
    ),
    "signed with SHA-224": (lambda plan: setattr(plan, "hash", hashes.SHA224()), "trust.signature-algorithm"),
}


@pytest.mark.parametrize(("change", "expect"), ROOT_FAULTS.values(), ids=ROOT_FAULTS.keys())
def test_a_fault_in_the_anchor(change: Change, expect: str) -> None:
    """An anchor that is not what table B.1 says vouches for nobody, though it was given as trusted."""
    root = root_plan()
    signer = signer_plan(root)
    change(root)
    with pytest.raises(Refused) as refusal:
        _judge(root, signer)
    assert refusal.value.name == expect


def test_an_anchor_on_another_curve() -> None:
    """A root whose key is on a curve outside the profile is refused before its signature is looked at."""
    root = root_plan(algorithm="secp256k1")
    with pytest.raises(Refused, match=r"trust\.anchor-key"):
        _judge(root, signer_plan(root))


@pytest.mark.parametrize(
    ("of_root", "of_signer", "verified"),
    [
        (None, None, True),
        ("UT-A", "UT-A", True),
        (None, "UT-A", True),
        ("UT-A", None, False),
        ("UT-A", "UT-B", False),
    ],
)
def test_states_and_provinces(of_root: str | None, of_signer: str | None, verified: bool) -> None:
    """Table B.3: a state the root names is the signer's too; one of the whole country may have any."""
    root = root_plan(state=of_root)
    signer = signer_plan(root, state=of_signer)
    if verified:
        _judge(root, signer)
        return
    with pytest.raises(Refused, match=r"trust\.state-mismatch"):
        _judge(root, signer)


def test_another_certificate_sent_along_is_refused() -> None:
    """What comes with the signer's certificate is the root itself or nothing: no third one is carried by."""
    root = root_plan()
    with pytest.raises(Refused, match=r"trust\.chain-unexpected"):
        _judge(root, signer_plan(root), root_plan("other").sign())


def test_an_intermediate_authority_is_not_followed() -> None:
    """A path over a second authority is no path of this standard, however well signed."""
    root, label = root_plan(), "intermediate"
    middle = root_plan(label)
    middle.subject, middle.issuer, middle.signed_by = name_of("Utopia second"), root.subject, root.key
    with pytest.raises(Refused, match=r"trust\.unknown-issuer"):
        _judge(root, signer_plan(middle), middle.sign())


def test_a_renewed_root_beside_the_old_one() -> None:
    """Two roots of one name: the key identifier says which of them issued the signer, in any order."""
    old, new = root_plan("old"), root_plan("new")
    for plans in ([old, new], [new, old]):
        anchors = TrustAnchors.from_certificates([plan.sign() for plan in plans])
        verified = verify_path([signer_plan(new).sign()], anchors=anchors, at=AT)
        assert verified.anchor.certificate.encoded == new.sign()


def test_a_root_reissued_with_its_key() -> None:
    """Two roots of one name and one key, the first expired: the one that is valid vouches."""
    expired, valid = root_plan(), root_plan()
    expired.not_after = AT - timedelta(days=1)
    anchors = TrustAnchors.from_certificates([expired.sign(), valid.sign()])
    signer = signer_plan(valid)
    assert verify_path([signer.sign()], anchors=anchors, at=AT).anchor.certificate.encoded == valid.sign()
    with pytest.raises(Refused, match=r"trust\.signer-expired"):
        verify_path([signer.sign()], anchors=anchors, at=AT + timedelta(days=400))


def test_a_certificate_of_version_1() -> None:
    """Without version 3 there are no extensions, so nothing limits what the key may do."""
    root = root_plan()
    encoded = signer_plan(root).sign()
    # The version stands in the first element, [0] EXPLICIT INTEGER 2; this makes it say 0.
    changed = encoded.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x00", 1)
    with pytest.raises(Refused, match=r"trust\.certificate-(version|malformed)"):
        verify_path([changed], anchors=TrustAnchors.from_certificates([root.sign()]), at=AT)


@pytest.mark.parametrize("encoded", [b"\x00", b"0\x82", b"-----BEGIN CERTIFICATE-----", bytes(20_000)])
def test_what_is_no_certificate(encoded: bytes) -> None:
    """Bytes that cannot be read, or are too many, are refused before anything is compared."""
    with pytest.raises(Refused, match=r"trust\.certificate-malformed"):
        verify_path([encoded], anchors=TrustAnchors.from_certificates([root_plan().sign()]), at=AT)


def test_a_pinned_signer_is_trusted_by_name_alone() -> None:
    """A signer pinned as such needs no root, but its profile and validity; another gains nothing."""
    root = root_plan()
    signer, other = signer_plan(root), signer_plan(root, "other signer")
    anchors = TrustAnchors.from_certificates([], pinned_document_signers=[signer.sign()])
    assert (
        verify_path([signer.sign()], anchors=anchors, at=AT).anchor.kind is AnchorKind.PINNED_DOCUMENT_SIGNER
    )
    with pytest.raises(Refused, match=r"trust\.unknown-issuer"):
        verify_path([other.sign()], anchors=anchors, at=AT)
    with pytest.raises(Refused, match=r"trust\.signer-expired"):
        verify_path([signer.sign()], anchors=anchors, at=AT + timedelta(days=365))
    with pytest.raises(Refused, match=r"trust\.chain-unexpected"):
        verify_path([signer.sign(), other.sign()], anchors=anchors, at=AT)
    pinned_root = TrustAnchors.from_certificates([], pinned_document_signers=[root.sign()])
    with pytest.raises(Refused, match=r"trust\.unknown-issuer"):
        verify_path([signer.sign()], anchors=pinned_root, at=AT)
    with pytest.raises(Refused, match=r"trust\.signer-is-authority"):
        verify_path([root.sign()], anchors=pinned_root, at=AT)
