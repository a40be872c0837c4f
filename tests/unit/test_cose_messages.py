"""COSE_Sign1 and COSE_Mac0: what is signed verifies, and each fault has its own name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dongui.encoding import cbor, cose, cose_key
from dongui.encoding.cose import SIGNATURE_ALGORITHMS, Algorithm, CoseMessage, PrivateKey
from dongui.errors import Refused

KEYS: dict[str, PrivateKey] = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "brainpoolP256r1": ec.generate_private_key(ec.BrainpoolP256R1()),
    "brainpoolP384r1": ec.generate_private_key(ec.BrainpoolP384R1()),
    "brainpoolP512r1": ec.generate_private_key(ec.BrainpoolP512R1()),
    "Ed25519": Ed25519PrivateKey.generate(),
}
EXPECTED = {
    "P-256": (Algorithm.ES256, 64),
    "P-384": (Algorithm.ES384, 96),
    "P-521": (Algorithm.ES512, 132),
    "brainpoolP256r1": (Algorithm.ES256, 64),
    "brainpoolP384r1": (Algorithm.ES384, 96),
    "brainpoolP512r1": (Algorithm.ES512, 128),
    "Ed25519": (Algorithm.EDDSA, 64),
}
MAC_KEY = bytes(range(32))


def _verify(message: CoseMessage, key: PrivateKey, detached: bytes | None = None) -> bytes:
    return cose.verify_sign1(
        message, key=key.public_key(), algorithms=SIGNATURE_ALGORITHMS, detached_payload=detached
    )


@pytest.mark.parametrize("name", KEYS)
def test_every_key_signs_with_its_own_algorithm(name: str) -> None:
    """Each curve has one algorithm and one length of signature, through bytes and back."""
    encoded = cbor.dumps(cose.sign1(b"payload", key=KEYS[name]).to_cbor())
    message = cose.read_sign1(cbor.loads(encoded, limits=cbor.Limits(1000, 8, 100)))
    assert _verify(message, KEYS[name]) == b"payload"
    assert (message.headers[1], len(message.proof)) == EXPECTED[name]


@pytest.mark.parametrize("name", KEYS)
def test_a_public_key_survives_its_cose_form(name: str) -> None:
    """A COSE_Key names exactly the key it was written from."""
    public = KEYS[name].public_key()
    encoded = cbor.dumps(cose_key.write_public_key(public))
    assert cose_key.read_public_key(cbor.loads(encoded, limits=cbor.Limits(1000, 8, 100))) == public


@pytest.mark.parametrize("name", [name for name in KEYS if name != "P-256"])
def test_a_key_of_another_curve_is_refused(name: str) -> None:
    """ES256 goes with a 256-bit curve: another key is refused by name, not tried."""
    message = cose.sign1(b"payload", key=KEYS["P-256"])
    expect = "signature-invalid" if name == "brainpoolP256r1" else "key-mismatch"
    with pytest.raises(Refused, match=rf"cose\.{expect}"):
        _verify(message, KEYS[name])


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("change", ["payload", "proof", "short", "empty", "zero", "aad"])
def test_any_change_breaks_the_signature(name: str, change: str) -> None:
    """Payload, signature or context changed: the signature does not verify, whatever its shape."""
    message = cose.sign1(b"payload", key=KEYS[name], external_aad=b"" if change != "aad" else b"other")
    changed = {
        "payload": replace(message, payload=b"payloaD"),
        "proof": replace(message, proof=message.proof[:-1] + bytes((message.proof[-1] ^ 1,))),
        "short": replace(message, proof=message.proof[:-1]),
        "empty": replace(message, proof=b""),
        "zero": replace(message, proof=bytes(len(message.proof))),
        "aad": message,
    }[change]
    with pytest.raises(Refused, match=r"cose\.signature-invalid"):
        _verify(changed, KEYS[name])


def test_the_algorithm_must_be_allowed() -> None:
    """A caller who allows ES384 alone refuses a perfect ES256 signature."""
    message = cose.sign1(b"payload", key=KEYS["P-256"])
    with pytest.raises(Refused, match=r"cose\.algorithm-not-allowed"):
        cose.verify_sign1(message, key=KEYS["P-256"].public_key(), algorithms={Algorithm.ES384})


def test_an_unprotected_algorithm_is_no_algorithm() -> None:
    """The algorithm is read from the protected header alone: elsewhere a carrier could swap it."""
    message = cose.read_sign1([b"", {1: -7}, b"payload", bytes(64)])
    with pytest.raises(Refused, match=r"cose\.algorithm-missing"):
        _verify(message, KEYS["P-256"])


def test_detached_and_carried_payloads_do_not_mix() -> None:
    """A payload is carried or given apart, never both and never neither."""
    key = KEYS["P-256"]
    carried, detached = cose.sign1(b"x", key=key), cose.sign1(b"x", key=key, detached=True)
    assert detached.payload is None
    assert _verify(detached, key, b"x") == b"x"
    with pytest.raises(Refused, match=r"cose\.payload-missing"):
        _verify(detached, key)
    with pytest.raises(Refused, match=r"cose\.payload-unexpected"):
        _verify(carried, key, b"x")


def test_a_critical_header_is_refused() -> None:
    """No extension is understood, so whatever must be understood is refused."""
    message = cose.sign1(b"x", key=KEYS["P-256"], protected={2: [99], 99: 1})
    with pytest.raises(Refused, match=r"cose\.critical-header"):
        _verify(message, KEYS["P-256"])


def test_a_header_in_both_maps_is_refused() -> None:
    """RFC 9052, 3: a label occurs once; otherwise two readers may follow two values."""
    signed = cose.sign1(b"x", key=KEYS["P-256"]).to_cbor()
    with pytest.raises(Refused, match=r"cose\.header-twice"):
        cose.read_sign1([signed[0], {1: -7}, *signed[2:]])


MALFORMED: list[cbor.CborValue] = [
    None,
    [],
    [b"", {}, b""],
    ["", {}, b"", b""],
    [b"", [], b"", b""],
    [b"", {}, "", b""],
    [b"", {}, b"", None],
    [b"\x80", {}, b"", b""],
    cbor.Tagged(17, [b"", {}, b"", b""]),
]


@pytest.mark.parametrize("value", MALFORMED, ids=repr)
def test_other_shapes_are_no_message(value: cbor.CborValue) -> None:
    """Only an array of bytes, map, payload and bytes is a COSE message."""
    with pytest.raises(Refused, match=r"cose\.malformed"):
        cose.read_sign1(value)


def test_a_code_verifies_under_its_key_alone() -> None:
    """HMAC 256/256: another key, payload, or an algorithm that is a signature's is refused."""
    message = cose.read_mac0(cbor.Tagged(17, cose.mac0(b"x", key=MAC_KEY, detached=True).to_cbor()))
    assert cose.verify_mac0(message, key=MAC_KEY, detached_payload=b"x") == b"x"
    for key, payload in ((bytes(32), b"x"), (MAC_KEY, b"y")):
        with pytest.raises(Refused, match=r"cose\.mac-invalid"):
            cose.verify_mac0(message, key=key, detached_payload=payload)
    signed = cose.sign1(b"x", key=KEYS["P-256"])
    with pytest.raises(Refused, match=r"cose\.algorithm-not-allowed"):
        cose.verify_mac0(signed, key=MAC_KEY)


def test_a_mac_is_no_signature() -> None:
    """The contexts differ: a code over the same bytes under another context does not verify."""
    key = KEYS["Ed25519"]
    message = cose.sign1(b"x", key=key)
    assert isinstance(key, Ed25519PrivateKey)
    other = key.sign(cbor.dumps(["MAC0", message.protected, b"", b"x"]))
    with pytest.raises(Refused, match=r"cose\.signature-invalid"):
        _verify(replace(message, proof=other), key)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_mac_key_has_32_bytes(size: int) -> None:
    """A key of another length is the programmer's mistake."""
    with pytest.raises(ValueError, match="32"):
        cose.mac0(b"x", key=bytes(size))


def test_the_certificates_of_header_33() -> None:
    """One certificate or an array of up to eight, from either map; anything else is refused by name."""

    def message(value: cbor.CborValue) -> CoseMessage:
        return CoseMessage(b"", {}, {33: value}, b"", b"")

    assert cose.x5chain(message(b"a")) == (b"a",)
    assert cose.x5chain(message([b"a", b"b"])) == (b"a", b"b")
    assert cose.x5chain(CoseMessage(b"", {33: b"a"}, {}, b"", b"")) == (b"a",)
    with pytest.raises(Refused, match=r"cose\.certificate-missing"):
        cose.x5chain(CoseMessage(b"", {}, {}, b"", b""))
    bad: list[cbor.CborValue] = [[], [b"a"] * 9, ["a"], [b""], "a", 1]
    for value in bad:
        with pytest.raises(Refused, match=r"cose\.certificate-chain-malformed"):
            cose.x5chain(message(value))


def _p256() -> dict[cbor.CborKey, cbor.CborValue]:
    return cose_key.write_public_key(KEYS["P-256"].public_key())


@pytest.mark.parametrize(
    "change",
    [
        {1: 1},
        {1: True},
        {1: 2.0},
        {-1: 2},
        {-1: True},
        {-1: 99},
        {-1: 257},
        {-2: bytes(31)},
        {-2: "x"},
        {-3: bytes(32)},
        {-3: None},
        {-4: bytes(32)},
    ],
    ids=repr,
)
def test_a_key_that_is_not_one_is_refused(change: dict[cbor.CborKey, cbor.CborValue]) -> None:
    """Another kind, another curve, a point off the curve, a private part: refused before any use."""
    with pytest.raises(Refused, match=r"cose\.key-malformed"):
        cose_key.read_public_key({**_p256(), **change})


def test_a_compressed_point_names_the_same_key() -> None:
    """RFC 9053, 7.1.1: y may be the sign bit."""
    key = _p256()
    y = key[-3]
    assert isinstance(y, bytes)
    assert cose_key.read_public_key({**key, -3: bool(y[-1] & 1)}) == KEYS["P-256"].public_key()


@pytest.mark.parametrize("value", [None, [], {}, {1: 1, -1: 6, -2: bytes(31)}, {1: 1, -1: 6}], ids=repr)
def test_a_map_without_a_key_is_refused(value: cbor.CborValue) -> None:
    """Nothing, half a key, or a short Ed25519 key is not a key."""
    with pytest.raises(Refused, match=r"cose\.key-malformed"):
        cose_key.read_public_key(value)
