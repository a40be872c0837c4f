"""The certificates of an issuing authority, field by field against ISO/IEC 18013-5, Annex B."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dongui.documents.mdoc.authority import Authority, DocumentSigner
from dongui.documents.mdoc.certificates import MDOC_DOCUMENT_SIGNER, AuthorityProfile
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse
from simulators.mdoc_issuance import CLOCK, NOW, an_issuer

PROFILE = AuthorityProfile(
    country="UT",
    organisation="Licensing Office",
    common_name="Utopia IACA",
    contact="https://utopia.example",
    crl_uri="https://utopia.example/crl",
    state_or_province="UT-N",
)
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
ROOT_ALGORITHMS = [SigningAlgorithm.ES256, SigningAlgorithm.ES384, SigningAlgorithm.ES512]


def create(
    *,
    profile: AuthorityProfile = PROFILE,
    algorithm: SigningAlgorithm = SigningAlgorithm.ES256,
    days: int = 3650,
) -> Authority:
    return Authority.create(
        profile,
        algorithm=algorithm,
        lifetime=timedelta(days=days),
        clock=CLOCK,
        entropy=SystemEntropy(),
    )


def sign(authority: Authority, *, days: int = 457, clock: FixedClock = CLOCK) -> DocumentSigner:
    return authority.document_signer(
        "Signer 1",
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=days),
        clock=clock,
        entropy=SystemEntropy(),
    )


def criticality(certificate: x509.Certificate) -> dict[str, bool]:
    return {extension.oid._name: extension.critical for extension in certificate.extensions}


def usages(certificate: x509.Certificate) -> set[str]:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    return {name for name in USAGES if getattr(usage, name)}


@pytest.mark.parametrize("algorithm", ROOT_ALGORITHMS)
def test_a_root_is_of_table_b1(algorithm: SigningAlgorithm) -> None:
    """Self-signed, v3, CA with path length 0, certificate and list signing only, with its four pointers."""
    root = create(algorithm=algorithm).certificate
    root.verify_directly_issued_by(root)
    assert root.version is x509.Version.v3
    assert root.issuer.public_bytes() == root.subject.public_bytes()
    assert usages(root) == {"key_cert_sign", "crl_sign"}
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert criticality(root) == {
        "subjectKeyIdentifier": False,
        "keyUsage": True,
        "issuerAltName": False,
        "basicConstraints": True,
        "cRLDistributionPoints": False,
    }


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_a_document_signer_is_of_table_b3(algorithm: SigningAlgorithm) -> None:
    """Under the root, for signatures alone, for the mdoc purpose alone, with the root's country and state."""
    authority = create()
    signer = authority.document_signer(
        "Signer 1",
        algorithm=algorithm,
        lifetime=timedelta(days=457),
        clock=CLOCK,
        entropy=SystemEntropy(),
    )
    certificate, root = signer.certificate, authority.certificate
    certificate.verify_directly_issued_by(root)
    assert signer.algorithm is algorithm
    assert usages(certificate) == {"digital_signature"}
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [MDOC_DOCUMENT_SIGNER]
    for oid in (NameOID.COUNTRY_NAME, NameOID.STATE_OR_PROVINCE_NAME):
        assert certificate.subject.get_attributes_for_oid(oid) == root.subject.get_attributes_for_oid(oid)
    for kind in (x509.IssuerAlternativeName, x509.CRLDistributionPoints):
        ours, theirs = (c.extensions.get_extension_for_class(kind).value for c in (certificate, root))
        assert ours == theirs
    above = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert named.key_identifier == above.digest
    assert criticality(certificate) == {
        "authorityKeyIdentifier": False,
        "subjectKeyIdentifier": False,
        "keyUsage": True,
        "issuerAltName": False,
        "extendedKeyUsage": True,
        "cRLDistributionPoints": False,
    }


def test_serial_numbers_are_positive_long_and_never_the_same() -> None:
    """Annex B: at least 63 random bits, at most 20 octets, positive."""
    authority = create()
    serials = [sign(authority).certificate.serial_number for _ in range(20)]
    assert len(set(serials)) == len(serials)
    assert all(0 < serial < 1 << 159 for serial in serials)
    # The 128 bits below the leading one differ everywhere: no bit of twenty serials is the same in all.
    union, common = 0, (1 << 128) - 1
    for serial in serials:
        union |= serial & ((1 << 128) - 1)
        common &= serial
    assert bin(union).count("1") > 120
    assert bin(common & ((1 << 128) - 1)).count("1") < 8


@pytest.mark.parametrize(("days", "name"), [(0, "issuing.bad-lifetime"), (7301, "issuing.bad-lifetime")])
def test_a_root_lives_at_most_twenty_years(days: int, name: str) -> None:
    """Table B.1: a root's period is positive and at most 20 years."""
    with pytest.raises(Misuse) as caught:
        create(days=days)
    assert caught.value.name == name


def test_a_signer_lives_at_most_457_days_and_inside_its_root() -> None:
    """Table B.3: at most 457 days; and never before or after the root above it."""
    authority = create(days=500)
    sign(authority, days=457)
    for days, clock, name in (
        (458, CLOCK, "issuing.bad-lifetime"),
        (457, FixedClock(NOW + timedelta(days=100)), "issuing.outlives-authority"),
        (10, FixedClock(NOW - timedelta(days=1)), "issuing.outlives-authority"),
    ):
        with pytest.raises(Misuse) as caught:
            sign(authority, days=days, clock=clock)
        assert caught.value.name == name


def test_a_root_is_not_eddsa() -> None:
    """Table B.1 knows elliptic curve roots only; an EdDSA root would be refused by every reader."""
    with pytest.raises(Misuse) as caught:
        create(algorithm=SigningAlgorithm.EDDSA)
    assert caught.value.name == "issuing.root-needs-ecdsa"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "ut"),
        ("country", "UTO"),
        ("organisation", ""),
        ("common_name", "x" * 65),
        ("common_name", "가" * 22),
        ("contact", "büro@utopia.example"),
        ("common_name", "two\nlines"),
        ("contact", "somewhere"),
        ("crl_uri", "ftp://utopia.example"),
        ("state_or_province", " UT-N"),
    ],
)
def test_a_profile_that_cannot_stand_in_a_certificate_is_named(field: str, value: str) -> None:
    """The field is in the message, so that the caller knows which of six to correct."""
    given: dict[str, str] = {
        "country": "UT",
        "organisation": "Office",
        "common_name": "IACA",
        "contact": "office@utopia.example",
        "crl_uri": "https://utopia.example/crl",
        field: value,
    }
    with pytest.raises(Misuse) as caught:
        AuthorityProfile(**given)
    assert caught.value.name == "issuing.bad-authority-profile"
    assert caught.value.detail.startswith(field)


def test_authority_and_signer_survive_their_files() -> None:
    """What was written reads back whole: same certificates, same keys, same profile."""
    authority = create()
    again = Authority.from_bytes(authority.to_bytes())
    assert again == Authority(authority.certificate, again.key, PROFILE)
    assert again.key.private_numbers() == authority.key.private_numbers()
    signer = sign(again)
    signer.certificate.verify_directly_issued_by(authority.certificate)
    read = DocumentSigner.from_bytes(signer.to_bytes())
    assert read.certificate == signer.certificate
    assert read.key.public_key() == signer.key.public_key()


def test_key_files_of_another_kind_or_altered_are_refused() -> None:
    """A signer's file is no authority's; a flipped byte, a cut, a foreign key are one named misuse."""
    authority, other = create(), create()
    data = authority.to_bytes()
    mixed = Authority(other.certificate, authority.key, PROFILE).to_bytes()
    for bad in (b"", data[:-1], data + b"\x00", sign(authority).to_bytes(), mixed, b"\xff" * 50):
        with pytest.raises(Misuse) as caught:
            Authority.from_bytes(bad)
        assert caught.value.name == "issuing.bad-key-file"


def test_representations_hold_no_key() -> None:
    """A traceback or a log line shows who the issuer is, never its key."""
    issuer = an_issuer()
    assert isinstance(issuer.authority.key, ec.EllipticCurvePrivateKey)
    shown = repr(issuer) + str(issuer)
    assert "PrivateKey" not in shown
    assert "Utopia IACA" in shown
