"""What is wrong with a certificate and tolerated: each by its name, each alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dongui.documents.trust.country_certificate import DEFECTS, read_country_certificate
from dongui.documents.trust.csca import CscaAnchor
from dongui.encoding.der import DerError, read
from dongui.encoding.der_form import irregularities
from dongui.errors import Refused
from simulators.passport_pa.asn1 import bits, integer, oid, seq, tlv
from simulators.passport_pa.drafting import AUTHORITY, Certificate, Extension

BASIC, USAGE = "2.5.29.19", "2.5.29.15"


def with_extension(name: str, value: Extension | None) -> Certificate:
    """The authority with one extension changed or taken away."""
    left = {key: held for key, held in AUTHORITY.extensions.items() if key != name}
    return replace(AUTHORITY, extensions=left if value is None else {**left, name: value})


CASES = {
    "country-case": replace(AUTHORITY, subject=(("2.5.4.6", "ut"), *AUTHORITY.subject[1:])),
    "country-missing": replace(AUTHORITY, subject=AUTHORITY.subject[1:]),
    "text-form": replace(AUTHORITY, subject=(*AUTHORITY.subject, ("2.5.4.11", "a@b"))),
    "serial-number": replace(AUTHORITY, serial=0),
    "path-length": with_extension(BASIC, Extension(seq(tlv(0x01, b"\xff"), integer(1)), critical=True)),
    "basic-constraints": with_extension(BASIC, Extension(seq(), critical=True)),
    "basic-constraints-not-critical": with_extension(
        BASIC, replace(AUTHORITY.extensions[BASIC], critical=False)
    ),
    "not-der": with_extension(BASIC, Extension(seq(tlv(0x01, b"\x01"), integer(0)), critical=True)),
    "key-usage": with_extension(USAGE, Extension(bits(b"\x86", 1), critical=True)),
    "key-usage-not-critical": with_extension(USAGE, replace(AUTHORITY.extensions[USAGE], critical=False)),
    "critical-extension": with_extension("1.2.3.4", Extension(oid("1.2.3.4"), critical=True)),
}


@pytest.mark.parametrize("name", CASES)
def test_each_defect_has_its_name_and_no_other(name: str) -> None:
    """One deviation, one name; the certificate loads, and its own signature still holds."""
    certificate = read_country_certificate(CASES[name].write())
    assert CscaAnchor.of(certificate).defects == (name,)
    assert certificate.is_signed_by(certificate.key)
    assert name in DEFECTS


def test_what_is_right_has_no_defect() -> None:
    """A certificate after the profile bears no name."""
    assert CscaAnchor.of(read_country_certificate(AUTHORITY.write())).defects == ()


def test_an_extension_that_stands_twice_is_refused() -> None:
    """Two readers would see two certificates."""
    other = with_extension("2.5.29.99", AUTHORITY.extensions[USAGE]).write()
    changed = other.replace(oid("2.5.29.99"), oid(USAGE))
    assert changed.count(oid(USAGE)) == 2
    with pytest.raises(Refused, match=r"trust\.certificate-malformed"):
        read_country_certificate(changed)


@pytest.mark.parametrize(
    ("element", "name"),
    [
        ("02020001", "not-der"),
        ("0202ffff", "not-der"),
        ("0200", "not-der"),
        ("010101", "not-der"),
        ("3081020500", "not-der"),
        ("30800201000000", "not-der"),
        ("130140", "text-form"),
        ("0c01ff", "text-form"),
        ("170b323630313031303030305a", "moment-form"),
        ("180f32303236303130313030303030302b", "moment-form"),
    ],
)
def test_each_irregular_form_is_named(element: str, name: str) -> None:
    """A form a strict reader would stop at, also deep within."""
    data = bytes.fromhex(element)
    for wrapped in (data, seq(seq(data))):
        assert irregularities(read(wrapped, max_bytes=100, what="x")) == {name}


def test_deep_nesting_is_refused() -> None:
    """A bomb of nested elements ends at the limit."""
    data = b""
    for _ in range(40):
        data = seq(data)
    with pytest.raises(DerError):
        irregularities(read(data, max_bytes=1_000, what="x"))
