"""Curves by name and by parameters, and ECDSA where the library has no curve."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from dongui.documents.trust.explicit_curves import (
    NamedCurve,
    UnknownCurve,
    named_curves,
    read_curve,
    read_point,
)
from dongui.documents.trust.public_data_ecdsa import verify_ecdsa
from dongui.documents.trust.signature_checks import EcKey, read_public_key, verifies
from dongui.documents.trust.signature_schemes import SignatureScheme
from dongui.encoding.der import DerError, read
from simulators.passport_pa.keys import Key, affine_multiply

CURVES = list(named_curves().values())
LIBRARY = [
    ec.SECP224R1(),
    ec.SECP256R1(),
    ec.SECP384R1(),
    ec.SECP521R1(),
    ec.BrainpoolP256R1(),
    ec.BrainpoolP384R1(),
    ec.BrainpoolP512R1(),
]


def is_probably_prime(number: int) -> bool:
    """Miller and Rabin with the first forty bases."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in range(2, 42):
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        if not any((power := power * power % number) == number - 1 for _ in range(twos - 1)):
            return False
    return True


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_each_curve_is_what_it_claims(curve: NamedCurve) -> None:
    """Field and order are prime; the generator lies on the curve and has that order: the cofactor is one."""
    assert is_probably_prime(curve.p)
    assert is_probably_prime(curve.n)
    assert curve.holds(curve.x, curve.y)
    assert (4 * curve.a**3 + 27 * curve.b**2) % curve.p != 0
    less = affine_multiply(curve, curve.n - 1, (curve.x, curve.y))
    assert less == (curve.x, curve.p - curve.y)
    # Hasse: with n > (p + 1 + 2√p) / 2 the group is the whole curve.
    assert 2 * curve.n > curve.p + 1 + 2 * int(curve.p**0.5)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
@pytest.mark.parametrize("compressed", [False, True])
def test_parameters_written_out_are_recognised(curve: NamedCurve, compressed: bool) -> None:
    """Explicit parameters are the named curve's: with a seed or without, generator in either form."""
    for key in (
        Key("x", curve, compressed=compressed),
        Key("x", curve, compressed=compressed, seed=True, cofactor=None),
        Key("x", curve, compressed=compressed, explicit=False),
    ):
        found = read_public_key(read(key.info(), max_bytes=2_000, what="key"))
        assert found == EcKey(curve, *key.public)


@pytest.mark.parametrize("field", ["p", "a", "b", "n", "x"])
def test_parameters_of_no_known_curve_are_refused(field: str) -> None:
    """Any one of the parameters changed is another curve, whatever the others are."""
    curve = named_curves()["brainpoolP256r1"]
    changed = replace(curve, **{field: getattr(curve, field) + 2})
    with pytest.raises((UnknownCurve, DerError)):
        read_curve(read(Key("x", changed).parameters(), max_bytes=2_000, what="curve"))


@pytest.mark.parametrize(
    "form", [b"", b"\x00", b"\x06" + bytes(64), b"\x04" + bytes(63), b"\x02" + bytes(31)]
)
def test_points_in_another_form_are_refused(form: bytes) -> None:
    """Infinity, the hybrid form and wrong lengths are no public keys."""
    with pytest.raises(DerError):
        read_point(named_curves()["secp256r1"], form)


def test_an_x_without_a_point_is_refused() -> None:
    """A compressed point whose x is on no point: invalid, also on the curve whose roots are hard to draw."""
    for name in ("secp224r1", "secp256r1", "brainpoolP320r1"):
        curve = named_curves()[name]
        refused = 0
        for x in range(1, 20):
            try:
                assert read_point(curve, b"\x02" + x.to_bytes(curve.field_octets))[0] == x
            except UnknownCurve:
                refused += 1
        assert 3 <= refused <= 16


@pytest.mark.parametrize("curve", LIBRARY, ids=lambda curve: curve.name)
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_our_ecdsa_agrees_with_the_library(curve: ec.EllipticCurve, digest: str) -> None:
    """On curves both know: what the library signs verifies here, and nothing else does."""
    ours, key = named_curves()[curve.name], ec.generate_private_key(curve)
    numbers = key.public_key().public_numbers()
    point = (numbers.x, numbers.y)
    algorithm = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha512": hashes.SHA512()}[digest]
    for message in (b"", b"one", b"two"):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(algorithm)))
        value = hashlib.new(digest, message).digest()
        assert verify_ecdsa(ours, point, r=r, s=s, digest=value)
        assert verify_ecdsa(ours, point, r=r, s=ours.n - s, digest=value)
        for wrong_r, wrong_s in ((r ^ 1, s), (r, s ^ 1), (0, s), (r, 0), (0, 0), (ours.n, s), (r, ours.n)):
            assert not verify_ecdsa(ours, point, r=wrong_r, s=wrong_s, digest=value)
        assert not verify_ecdsa(ours, point, r=r, s=s, digest=bytes(len(value)))


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_both_signature_forms_verify_on_every_curve(curve: NamedCurve) -> None:
    """A textbook signature verifies as DER and, with the other algorithm's name, as two plain halves."""
    key = Key("plain", curve)
    public, size = EcKey(curve, *key.public), (curve.n.bit_length() + 7) // 8
    r, s = key.halves(hashlib.sha256(b"data").digest())
    plain = r.to_bytes(size) + s.to_bytes(size)
    der, other = SignatureScheme("ecdsa", "sha256"), SignatureScheme("ecdsa-plain", "sha256")
    assert verifies(public, der, signature=key.sign(b"data", "sha256"), data=b"data")
    assert verifies(public, other, signature=plain, data=b"data")
    assert not verifies(public, der, signature=plain, data=b"data")
    assert not verifies(public, other, signature=plain + b"\x00", data=b"data")
    assert not verifies(public, SignatureScheme("rsa-pkcs1", "sha256"), signature=plain, data=b"data")


def test_verification_survives_equal_and_opposite_points() -> None:
    """Where the key is the generator or its opposite, the sums meet the doubling and the infinity."""
    curve = named_curves()["brainpoolP224r1"]
    digest = hashlib.sha256(b"edge").digest()
    for point in ((curve.x, curve.y), (curve.x, curve.p - curve.y)):
        for r in (1, 2, curve.n - 1):
            assert not verify_ecdsa(curve, point, r=r, s=r, digest=digest)
