"""Active authentication: ICAO 9303-11, 6.1. The chip signs eight bytes of the reader's choice.

The signature is anybody's to keep: a chip that signs can be made to sign something meaningful (a time, a
place), which is why chip authentication, which leaves no such trace, comes first. The challenge is drawn at
random, so that nothing can be foretold or meant by it.
"""

from __future__ import annotations

import hashlib
from hmac import compare_digest

from dongui.documents.passport.chip.apdu import SHORT_ANSWER, SUCCESS, Command
from dongui.documents.passport.chip.channel import Channel
from dongui.documents.passport.dg15 import ActiveAuthenticationKey, KeyKind
from dongui.documents.trust.explicit_curves import UnknownCurve
from dongui.documents.trust.signature_checks import EcKey, read_public_key, verifies
from dongui.documents.trust.signature_schemes import SignatureScheme, UnknownScheme, read_scheme
from dongui.encoding.der import DerError, Node, encode, encode_oid, read
from dongui.environment import Entropy
from dongui.errors import Refused

__all__ = ["ActiveAuthentication", "prepare", "verifies_rsa"]

_CHALLENGE = 8
_MAX_KEY_BYTES = 2_048
# Chips that sign have had 1,024 bits for most of their history; a key lives as long as its passport.
_RSA_BITS = range(1_024, 4_097)
_LARGEST_SHORT_SIGNATURE = 223  # with its protection around it, what a short answer holds
# ISO/IEC 9796-2, 8.1.2: partial recovery, nothing filled in before the message.
_HEADER = 0x6A
# The trailer names the digest: BC stands for SHA-1, agreed beforehand; else ISO/IEC 10118-3's number and CC.
_TRAILERS = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}
_IMPLICIT, _EXPLICIT = 0xBC, 0xCC

_Scheme = SignatureScheme | None


class ActiveAuthentication:
    """A key the chip can be asked to sign with, read and understood."""

    __slots__ = ("_rsa", "_scheme", "_verifier")

    def __init__(self, *, rsa: tuple[int, int] | None, key: EcKey | None, scheme: _Scheme) -> None:
        self._rsa = rsa
        self._verifier = key
        self._scheme = scheme

    @property
    def signature_bytes(self) -> int:
        """How long a signature is."""
        if self._rsa is not None:
            return (self._rsa[0].bit_length() + 7) // 8
        return 0 if self._verifier is None else 2 * ((self._verifier.curve.n.bit_length() + 7) // 8)

    def challenge(self, channel: Channel, *, entropy: Entropy) -> None:
        """Have the chip sign a fresh challenge.

        Raises ``Refused`` ``chip.authentication-failed`` where it does not or cannot, and what
        :meth:`.channel.Channel.send` raises.
        """
        challenge = entropy.draw(16)[:_CHALLENGE]
        long = self.signature_bytes > _LARGEST_SHORT_SIGNATURE
        expected = 0x10000 if long else SHORT_ANSWER
        response = channel.send(Command(0x00, 0x88, 0x00, 0x00, data=challenge, expected=expected))
        if response.status != SUCCESS:
            detail = f"the document offers active authentication, and the chip answers {response.status:04X}"
            raise Refused("chip.authentication-failed", detail)
        if not self.verifies(response.data, challenge):
            raise Refused(
                "chip.authentication-failed", "the chip's signature is not by the key in the document"
            )

    def verifies(self, signature: bytes, challenge: bytes) -> bool:
        """Whether a signature is over this challenge and by this key."""
        if self._rsa is not None:
            return verifies_rsa(*self._rsa, signature=signature, challenge=challenge)
        if self._verifier is None or self._scheme is None:
            return False
        return verifies(self._verifier, self._scheme, signature=signature, data=challenge)


def prepare(key: ActiveAuthenticationKey, signature_algorithm: str | None) -> ActiveAuthentication | None:
    """Return the key ready for use; ``None`` where its kind, curve or algorithm is not known here.

    ``signature_algorithm`` is DG14's word on elliptic curves (9303-11, 9.2.4): without one a signature of
    such a key cannot be judged. Raises ``Refused`` ``passport.public-key-malformed``.
    """
    try:
        node = read(key.public_key, max_bytes=_MAX_KEY_BYTES, what="the key in DG15")
        if key.kind is KeyKind.RSA:
            numbers = _rsa_numbers(node)
            return None if numbers is None else ActiveAuthentication(rsa=numbers, key=None, scheme=None)
        scheme, found = _scheme(signature_algorithm), read_public_key(node)
    except UnknownCurve:
        return None
    except DerError as error:
        raise Refused("passport.public-key-malformed", f"the key in DG15: {error}") from None
    if scheme is None or not isinstance(found, EcKey):
        return None
    return ActiveAuthentication(rsa=None, key=found, scheme=scheme)


def verifies_rsa(modulus: int, exponent: int, *, signature: bytes, challenge: bytes) -> bool:
    """Whether ``signature`` is over ``challenge``: ISO/IEC 9796-2, signature scheme 1, partial recovery."""
    size = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != size or not 0 < number < modulus:
        return False
    # 1. Open the signature. Of a number and its negative the signer sends the smaller (9796-2, B.6).
    opened = pow(number, exponent, modulus)
    if opened & 0x0F != 0x0C:
        opened = modulus - opened
    recovered = opened.to_bytes(size, "big")
    # 2. The trailer, and the digest it names.
    named = _digest_named(recovered)
    if named is None or recovered[0] != _HEADER:
        return False
    digest, trailer_bytes = named
    # 3. The digest is over what was recovered (the chip's own random bytes) and the challenge.
    end = size - trailer_bytes
    start = end - hashlib.new(digest).digest_size
    if start <= 1:
        return False
    found = hashlib.new(digest, recovered[1:start] + challenge, usedforsecurity=False).digest()
    return compare_digest(found, recovered[start:end])


def _digest_named(recovered: bytes) -> tuple[str, int] | None:
    if recovered[-1] == _IMPLICIT:
        return "sha1", 1
    if recovered[-1] == _EXPLICIT and recovered[-2] in _TRAILERS:
        return _TRAILERS[recovered[-2]], 2
    return None


def _rsa_numbers(node: Node) -> tuple[int, int] | None:
    """Modulus and exponent; ``None`` for sizes that are not used, which would also take long to raise."""
    parts = node.sequence("public key")
    if len(parts) != 2:
        raise DerError("a public key that is not two parts")
    numbers = read(parts[1].bits("public key"), max_bytes=_MAX_KEY_BYTES, what="RSA key").sequence("RSA key")
    if len(numbers) != 2:
        raise DerError("an RSA key that is not two numbers")
    modulus, exponent = numbers[0].integer("modulus"), numbers[1].integer("exponent")
    if modulus.bit_length() not in _RSA_BITS or modulus.bit_length() % 8 or modulus % 2 == 0:
        return None
    return None if exponent < 3 or exponent.bit_length() > 64 else (modulus, exponent)


def _scheme(algorithm: str | None) -> SignatureScheme | None:
    """The scheme DG14 names, if it is one of elliptic curves."""
    if algorithm is None:
        return None
    named = read(encode(0x30, encode_oid(algorithm)), max_bytes=64, what="signature algorithm")
    try:
        scheme = read_scheme(named, digest=None)
    except UnknownScheme:
        return None
    return scheme if scheme.family in ("ecdsa", "ecdsa-plain") else None
