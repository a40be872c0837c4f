"""Certificates of countries' passport authorities and their signers (ICAO 9303-12), as they really are.

About a fifth of the certificates countries publish cannot be read by strict libraries. They are read here,
and what is wrong with each is *named* on it: :data:`DEFECTS` lists every deviation that is tolerated. What is
not on that list is refused. A defect never widens what a certificate may do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from dongui.documents.trust.certificate_extensions import Extensions, read_extensions
from dongui.documents.trust.distinguished_names import DistinguishedName, read_name
from dongui.documents.trust.explicit_curves import UnknownCurve
from dongui.documents.trust.signature_checks import PublicKey, RsaKey, read_public_key, verifies
from dongui.documents.trust.signature_schemes import SignatureScheme, UnknownScheme, read_scheme
from dongui.encoding.der import DerError, Node, read
from dongui.encoding.der_form import irregularities
from dongui.errors import Refused

__all__ = ["DEFECTS", "MAX_CERTIFICATE_BYTES", "CountryCertificate", "read_country_certificate"]

MAX_CERTIFICATE_BYTES = 16 * 1024
_MAX_SERIAL_OCTETS = 20  # RFC 5280, 4.1.2.2

DEFECTS: dict[str, str] = {
    "not-der": "lengths, numbers or booleans are not in their one DER form (X.690, 8.3.2, 10.1 and 11.1)",
    "text-form": "a text holds characters its kind does not have (X.680, 41)",
    "moment-form": "a moment is not written to the second in UTC (RFC 5280, 4.1.2.5)",
    "ecdsa-parameters": "the ECDSA algorithm carries parameters; it has none (RFC 3279, 2.2.3)",
    "rsa-parameters-missing": "the RSA key's algorithm lacks its NULL (RFC 3279, 2.3.1)",
    "rsa-exponent": "the RSA exponent is neither 3 nor 65537",
    "serial-number": "the serial number is not a positive number of at most 20 octets (RFC 5280, 4.1.2.2)",
    "country-case": "the country is not written in upper case (ICAO 9303-12, 7.1)",
    "country-missing": "the subject names no country, or several",
    "basic-constraints": "an authority not marked as one, or a signer marked as one (RFC 5280, 4.2.1.9)",
    "basic-constraints-not-critical": "the basic constraints are not critical",
    "path-length": "the path length is not 0 (ICAO 9303-12, 7.1.1)",
    "key-usage": "the key usage is missing, or wider than its role needs (ICAO 9303-12, 7.1.1)",
    "key-usage-not-critical": "the key usage is not critical",
    "critical-extension": "a critical extension that is not understood",
}


@dataclass(frozen=True, slots=True)
class CountryCertificate:
    """One certificate, parsed whole. That it parses says nothing about trust.

    ``defects`` names what was tolerated, in the words of :data:`DEFECTS`.
    """

    encoded: bytes = field(repr=False)
    subject: DistinguishedName
    issuer: DistinguishedName = field(repr=False)
    serial_number: int
    not_before: datetime
    not_after: datetime
    key: PublicKey
    scheme: SignatureScheme
    extensions: Extensions = field(repr=False)
    signature: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    defects: tuple[str, ...] = ()

    @property
    def country(self) -> str | None:
        """The subject's country in upper case (two letters), ``None`` unless there is exactly one."""
        return self.subject.countries[0].upper() if len(self.subject.countries) == 1 else None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the certificate, in hexadecimal."""
        return sha256(self.encoded).hexdigest()

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer bear one name. A link certificate may be, too."""
        return self.subject == self.issuer

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether ``key`` verifies this certificate's signature."""
        return verifies(key, self.scheme, signature=self.signature, data=self.signed_part)


def read_country_certificate(encoded: bytes) -> CountryCertificate:
    """Read one DER certificate of at most 16 KiB, whole.

    Raises ``Refused``: ``trust.certificate-malformed``; ``trust.curve-unknown`` for curve parameters of no
    known curve or a point off it; ``trust.algorithm-unknown``.
    """
    try:
        return _parse(read(encoded, max_bytes=MAX_CERTIFICATE_BYTES, what="certificate"))
    except UnknownCurve as error:
        raise Refused("trust.curve-unknown", f"a certificate's key: {error}") from None
    except UnknownScheme as error:
        raise Refused("trust.algorithm-unknown", f"a certificate: {error}") from None
    except (ValueError, IndexError) as error:
        raise Refused("trust.certificate-malformed", f"a certificate cannot be read: {error}") from None


def _parse(whole: Node) -> CountryCertificate:
    outer = whole.sequence("certificate")
    if len(outer) != 3:
        raise DerError("a certificate that is not three parts")
    body = list(outer[0].sequence("certificate's body"))
    if not body or body.pop(0).encoded != bytes.fromhex("a003020102"):
        raise DerError("a certificate that is not of version 3")
    # RFC 5280, 4.1.1.2: the algorithm stands inside and outside the signature, and must be one.
    if len(body) < 7 or body[1].encoded != outer[1].encoded:
        raise DerError("the algorithm inside a certificate differs from the one outside")
    serial, _, issuer, validity, subject, key, *rest = body
    moments = validity.sequence("validity")
    if len(moments) != 2:
        raise DerError("a validity that is not two moments")
    public, scheme = read_public_key(key), read_scheme(outer[1], digest=None)
    extensions = read_extensions(rest)
    name = read_name(subject)
    defects = [
        *sorted(irregularities(whole)),
        *_number_defects(serial),
        *_algorithm_defects(outer[1], scheme, key, public),
        *_name_defects(name),
    ]
    return CountryCertificate(
        encoded=whole.encoded,
        subject=name,
        issuer=read_name(issuer),
        serial_number=serial.integer("serial number"),
        not_before=moments[0].moment("begin of validity"),
        not_after=moments[1].moment("end of validity"),
        key=public,
        scheme=scheme,
        extensions=extensions,
        signature=outer[2].bits("signature"),
        signed_part=outer[0].encoded,
        defects=tuple(dict.fromkeys((*defects, *extensions.defects))),
    )


def _number_defects(serial: Node) -> list[str]:
    fits = serial.integer("serial number") > 0 and len(serial.content) <= _MAX_SERIAL_OCTETS
    return [] if fits else ["serial-number"]


def _algorithm_defects(algorithm: Node, scheme: SignatureScheme, key: Node, public: PublicKey) -> list[str]:
    found = []
    if scheme.family.startswith("ecdsa") and len(algorithm.children()) > 1:
        found.append("ecdsa-parameters")
    if isinstance(public, RsaKey):
        if len(key.children()[0].children()) < 2:
            found.append("rsa-parameters-missing")
        if public.exponent not in (3, 65537):
            found.append("rsa-exponent")
    return found


def _name_defects(subject: DistinguishedName) -> list[str]:
    if len(subject.countries) != 1:
        return ["country-missing"]
    return [] if subject.countries[0].isupper() else ["country-case"]
