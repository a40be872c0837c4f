"""Faults in the path from the document's signer to a trust anchor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulators.mdoc_certificates import CertificatePlan, key_for, name_of, root_plan, signer_plan, usage
from simulators.mdoc_drafting import Draft
from simulators.mdoc_faults.vector import AT, Judging, Vector, shown

__all__ = ["trust_faults"]

_STAGE = "trust"
_DAY = timedelta(days=1)


def _signer(change: Callable[[CertificatePlan], object]) -> Callable[[Draft], object]:
    return lambda draft: change(draft.signer)


def _extension(name: str, value: x509.ExtensionType, *, critical: bool) -> Callable[[CertificatePlan], None]:
    return lambda plan: plan.extensions.update({name: (value, critical)})


def _without(name: str) -> Callable[[CertificatePlan], None]:
    def drop(plan: CertificatePlan) -> None:
        del plan.extensions[name]

    return drop


def _field(**changed: object) -> Callable[[CertificatePlan], None]:
    def change(plan: CertificatePlan) -> None:
        for name, value in changed.items():
            setattr(plan, name, value)

    return change


def _root(change: Callable[[CertificatePlan], object]) -> Callable[[Draft], None]:
    """Change the root; the signer stays right under it, whatever its name and key now are."""

    def apply(draft: Draft) -> None:
        change(draft.root)
        draft.signer.issuer, draft.signer.signed_by = draft.root.subject, draft.root.key

    return apply


def _anchors(*certificates: bytes) -> Callable[[Draft, Judging], Judging]:
    return lambda _draft, judging: replace(judging, anchors=certificates)


def _authority_key(key: object) -> tuple[x509.ExtensionType, bool]:
    assert hasattr(key, "public_key")
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False


def _chain(*certificates: bytes, after_signer: bool = True) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        first = [draft.signer.sign()] if after_signer else []
        draft.chain = [*first, *certificates]

    return change


def trust_faults() -> Iterator[Vector]:
    """The header with the certificates, the path, the signer's profile, the anchor's profile."""
    yield from _headers()
    yield from _paths()
    yield from _signer_profiles()
    yield from _anchor_profiles()


def _headers() -> Iterator[Vector]:
    missing, malformed = "cose.certificate-missing", "cose.certificate-chain-malformed"
    yield shown("x5chain-missing", missing, _STAGE, lambda draft: setattr(draft, "chain", []))

    def under_x5bag(draft: Draft) -> None:
        draft.chain, draft.unprotected = [], {32: draft.signer.sign()}

    def in_both(draft: Draft) -> None:
        draft.protected[33] = draft.signer.sign()

    def as_value(value: object) -> Callable[[Draft], None]:
        def change(draft: Draft) -> None:
            draft.chain, draft.unprotected = [], {33: value}

        return change

    yield shown("x5chain-under-another-label", missing, _STAGE, under_x5bag)
    yield shown("x5chain-in-both-headers", "cose.header-twice", _STAGE, in_both)
    yield shown("x5chain-empty", malformed, _STAGE, as_value([]))
    yield shown("x5chain-an-empty-string", malformed, _STAGE, as_value(b""))
    yield shown("x5chain-a-text", malformed, _STAGE, as_value("MIIB"))
    yield shown("x5chain-of-texts", malformed, _STAGE, as_value(["MIIB"]))
    yield shown("x5chain-of-nine", malformed, _STAGE, _chain(*[root_plan().sign()] * 8))
    yield shown(
        "certificate-is-not-one", "trust.certificate-malformed", _STAGE, _chain(bytes(40), after_signer=False)
    )

    def cut(draft: Draft) -> None:
        draft.chain = [draft.signer.sign()[:-1]]

    yield shown("certificate-cut", "trust.certificate-malformed", _STAGE, cut)

    def unused_bits(draft: Draft) -> None:
        # Only a last bit of zero can be called unused, so the plan is moved until its signature ends in one.
        while draft.signer.sign()[-1] & 1:
            draft.signer.not_after += timedelta(seconds=1)
        certificate = bytearray(draft.signer.sign())
        signature = x509.load_der_x509_certificate(bytes(certificate)).signature
        certificate[-len(signature) - 1] = 1
        draft.chain = [bytes(certificate)]

    malformed = "trust.certificate-malformed"
    yield shown("certificate-signature-with-unused-bits", malformed, _STAGE, unused_bits)
    other = signer_plan(root_plan(), "another signer").sign()
    yield shown("chain-with-a-stranger", "trust.chain-unexpected", _STAGE, _chain(other))


def _paths() -> Iterator[Vector]:
    stranger = root_plan("stranger")
    stranger.subject = stranger.issuer = name_of("Another IACA")
    unknown = "trust.unknown-issuer"
    yield shown("issuer-unknown", unknown, _STAGE, judge=_anchors(stranger.sign()))

    def self_signed(draft: Draft) -> None:
        plan = draft.signer
        plan.issuer, plan.signed_by = plan.subject, plan.key

    def brings_its_own_root(draft: Draft) -> None:
        draft.root = stranger
        draft.signer = signer_plan(stranger)
        draft.chain = [draft.signer.sign(), stranger.sign()]

    def through_another_authority(draft: Draft) -> None:
        middle = root_plan("middle")
        middle.subject, middle.issuer = name_of("Utopia intermediate"), draft.root.subject
        middle.signed_by = draft.root.key
        draft.signer = signer_plan(middle)
        draft.chain = [draft.signer.sign(), middle.sign()]

    yield shown("signer-signed-by-itself", unknown, _STAGE, self_signed)
    yield shown(
        "brings-its-own-root", unknown, _STAGE, brings_its_own_root, judge=_anchors(root_plan().sign())
    )
    yield shown("authority-between", unknown, _STAGE, through_another_authority)
    namesake = root_plan("namesake")
    yield shown(
        "root-of-the-same-name", "trust.key-identifier-mismatch", _STAGE, judge=_anchors(namesake.sign())
    )

    def signed_by_namesake(draft: Draft) -> None:
        draft.signer.signed_by = namesake.key

    yield shown("signed-by-a-namesake", "trust.signature-invalid", _STAGE, signed_by_namesake)

    def altered(draft: Draft) -> None:
        certificate = draft.signer.sign()
        at = certificate.index(b"Utopia signer")
        draft.chain = [certificate[:at] + b"Y" + certificate[at + 1 :]]

    yield shown("certificate-altered", "trust.signature-invalid", _STAGE, altered)
    yield shown(
        "certificate-signed-with-sha-3",
        "trust.signature-algorithm",
        _STAGE,
        _signer(_field(hash=hashes.SHA3_256())),
    )
    yield from _moments()
    yield from _places()


def _moments() -> Iterator[Vector]:
    yield shown("signer-expired", "trust.signer-expired", _STAGE, _signer(_field(not_after=AT - _DAY)))
    yield shown(
        "signer-not-yet-valid", "trust.signer-not-yet-valid", _STAGE, _signer(_field(not_before=AT + _DAY))
    )
    yield shown("root-expired", "trust.anchor-expired", _STAGE, _root(_field(not_after=AT - _DAY)))
    yield shown(
        "root-not-yet-valid", "trust.anchor-not-yet-valid", _STAGE, _root(_field(not_before=AT + _DAY))
    )
    start = datetime(2026, 6, 1, tzinfo=UTC)
    yield shown(
        "signer-for-458-days",
        "trust.signer-validity-too-long",
        _STAGE,
        _signer(_field(not_before=start, not_after=start + timedelta(days=458))),
    )


def _places() -> Iterator[Vector]:
    foreign, nameless = (
        name_of("Utopia signer", country="ZZ"),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]),
    )
    twofold = x509.Name([*name_of("Utopia signer"), x509.NameAttribute(NameOID.COUNTRY_NAME, "ZZ")])
    yield shown(
        "signer-of-another-country", "trust.country-mismatch", _STAGE, _signer(_field(subject=foreign))
    )
    yield shown("signer-without-country", "trust.country-missing", _STAGE, _signer(_field(subject=nameless)))
    yield shown("signer-of-two-countries", "trust.country-missing", _STAGE, _signer(_field(subject=twofold)))
    yield shown("signer-named-as-a-country", "trust.country-missing", _STAGE, _named_as_a_country)
    yield shown(
        "root-without-country",
        "trust.country-missing",
        _STAGE,
        _root(_field(subject=nameless, issuer=nameless)),
    )

    def in_the_north(draft: Draft) -> None:
        draft.root = root_plan(state="UT-N")
        draft.signer = signer_plan(draft.root, state="UT-S")

    yield shown("signer-of-another-state", "trust.state-mismatch", _STAGE, in_the_north)


def _named_as_a_country(draft: Draft) -> None:
    """The common name under the country's identifier: two countries, one of 13 letters.

    No builder makes it, so the part to be signed is changed in place and signed anew.
    """
    common_name, country = b"\x06\x03\x55\x04\x03", b"\x06\x03\x55\x04\x06"
    signed_part = x509.load_der_x509_certificate(draft.signer.sign()).tbs_certificate_bytes
    at = signed_part.rindex(common_name)
    signed_part = signed_part[:at] + country + signed_part[at + len(country) :]
    assert isinstance(draft.root.key, ec.EllipticCurvePrivateKey)
    signature = draft.root.key.sign(signed_part, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    bits = b"\x03" + bytes([len(signature) + 1]) + b"\x00" + signature
    body = signed_part + algorithm + bits
    draft.chain = [b"\x30\x82" + len(body).to_bytes(2, "big") + body]


def _signer_profiles() -> Iterator[Vector]:
    purpose = "trust.signer-extended-key-usage"
    right = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.0.18013.5.1.2")])
    yield shown("signer-without-purpose", purpose, _STAGE, _signer(_without("extendedKeyUsage")))
    for name, oid in (
        ("signer-for-reader-authentication", x509.ObjectIdentifier("1.0.18013.5.1.6")),
        ("signer-for-any-purpose", ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
    ):
        other = _extension("extendedKeyUsage", x509.ExtendedKeyUsage([oid]), critical=True)
        yield shown(name, purpose, _STAGE, _signer(other))
    uncritical = _extension("extendedKeyUsage", right, critical=False)
    yield shown("signer-purpose-not-critical", purpose, _STAGE, _signer(uncritical))

    key_usage = "trust.signer-key-usage"
    yield shown("signer-without-key-usage", key_usage, _STAGE, _signer(_without("keyUsage")))
    for name, flags in (
        ("signer-for-key-agreement", ("key_agreement",)),
        ("signer-for-certificates-too", ("digital_signature", "key_cert_sign")),
        ("signer-for-commitment-too", ("digital_signature", "content_commitment")),
    ):
        yield shown(name, key_usage, _STAGE, _signer(_extension("keyUsage", usage(*flags), critical=True)))
    authority = x509.BasicConstraints(ca=True, path_length=None)
    yield shown(
        "signer-is-an-authority",
        "trust.signer-is-authority",
        _STAGE,
        _signer(_extension("basicConstraints", authority, critical=True)),
    )

    def koblitz(draft: Draft) -> None:
        draft.signer.key = key_for("koblitz", "secp256k1")

    yield shown("signer-on-secp256k1", "trust.signer-key", _STAGE, koblitz)
    yield shown(
        "signer-without-authority-key-identifier",
        "trust.key-identifier-missing",
        _STAGE,
        _signer(_without("authorityKeyIdentifier")),
    )
    yield shown(
        "signer-without-subject-key-identifier",
        "trust.key-identifier-missing",
        _STAGE,
        _signer(_without("subjectKeyIdentifier")),
    )

    def names_another_key(draft: Draft) -> None:
        draft.signer.extensions["authorityKeyIdentifier"] = _authority_key(key_for("namesake"))

    yield shown(
        "signer-names-another-authority-key", "trust.key-identifier-mismatch", _STAGE, names_another_key
    )
    yield shown(
        "signer-without-contact",
        "trust.issuer-alternative-name-missing",
        _STAGE,
        _signer(_without("issuerAltName")),
    )
    yield shown(
        "signer-without-revocation-point",
        "trust.revocation-point-missing",
        _STAGE,
        _signer(_without("cRLDistributionPoints")),
    )
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.25.7"), b"\x05\x00")
    yield shown(
        "signer-with-an-unknown-critical-extension",
        "trust.extension-not-understood",
        _STAGE,
        _signer(_extension("unknown", unknown, critical=True)),
    )
    constraints = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)
    yield shown(
        "signer-with-policy-constraints",
        "trust.extension-forbidden",
        _STAGE,
        _signer(_extension("policyConstraints", constraints, critical=True)),
    )


def _anchor_profiles() -> Iterator[Vector]:
    authority, length = "trust.anchor-not-authority", "trust.anchor-path-length"
    key_usage = "trust.anchor-key-usage"
    no_authority = x509.BasicConstraints(ca=False, path_length=None)
    yield shown(
        "root-is-no-authority",
        authority,
        _STAGE,
        _root(_extension("basicConstraints", no_authority, critical=True)),
    )
    yield shown("root-without-constraints", authority, _STAGE, _root(_without("basicConstraints")))
    for name, value in (("root-with-path-length-1", 1), ("root-without-path-length", None)):
        constraints = x509.BasicConstraints(ca=True, path_length=value)
        yield shown(name, length, _STAGE, _root(_extension("basicConstraints", constraints, critical=True)))
    for name, flags in (
        ("root-for-lists-only", ("crl_sign",)),
        ("root-for-documents-too", ("key_cert_sign", "crl_sign", "digital_signature")),
    ):
        yield shown(name, key_usage, _STAGE, _root(_extension("keyUsage", usage(*flags), critical=True)))
    yield shown(
        "root-without-subject-key-identifier",
        "trust.key-identifier-missing",
        _STAGE,
        _root(_without("subjectKeyIdentifier")),
    )
    yield shown(
        "root-without-contact",
        "trust.issuer-alternative-name-missing",
        _STAGE,
        _root(_without("issuerAltName")),
    )
    yield shown(
        "root-signed-by-another",
        "trust.anchor-not-self-signed",
        _STAGE,
        lambda draft: setattr(draft.root, "signed_by", key_for("stranger")),
    )
    constraints_of_names = x509.NameConstraints([x509.DNSName("utopia.example")], None)
    yield shown(
        "root-with-name-constraints",
        "trust.extension-forbidden",
        _STAGE,
        _root(_extension("nameConstraints", constraints_of_names, critical=True)),
    )

    def koblitz(draft: Draft) -> None:
        draft.root = root_plan("koblitz root", algorithm="secp256k1")
        draft.signer = signer_plan(draft.root)

    yield shown("root-on-secp256k1", "trust.anchor-key", _STAGE, koblitz)
