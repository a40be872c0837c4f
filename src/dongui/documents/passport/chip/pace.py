"""Password authenticated connection establishment: ICAO 9303-11, 4.4, generic mapping over elliptic curves.

Password and session keys are apart: who records a session cannot test passwords against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from types import MappingProxyType

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.apdu import SHORT_ANSWER, SUCCESS, Command
from dongui.documents.passport.chip.bac import denied
from dongui.documents.passport.chip.channel import Channel
from dongui.documents.passport.chip.ciphers import MAC, CipherSuite, pad
from dongui.documents.passport.chip.key_agreement import (
    STANDARD_CURVES,
    EphemeralKey,
    EphemeralPoint,
    encode_point,
    read_chip_point,
    times_generator,
)
from dongui.documents.passport.chip.secure_messaging import SecureMessaging
from dongui.documents.passport.dg14 import PACE, PaceInfo
from dongui.documents.passport.issuing import write_object_identifier
from dongui.documents.passport.tlv import read_fields, read_one, write
from dongui.documents.trust.curve_points import add, affine
from dongui.documents.trust.explicit_curves import NamedCurve, named_curves
from dongui.environment import Entropy
from dongui.errors import Refused, Undetermined

__all__ = ["PaceChoice", "authentication_token", "choose", "map_generator", "open_with_pace"]

_GENERIC_MAPPING = f"{PACE}.2"  # id-PACE-ECDH-GM
_SUITES: Mapping[str, CipherSuite] = MappingProxyType(
    {
        f"{_GENERIC_MAPPING}.1": CipherSuite.TRIPLE_DES,
        f"{_GENERIC_MAPPING}.2": CipherSuite.AES_128,
        f"{_GENERIC_MAPPING}.3": CipherSuite.AES_192,
        f"{_GENERIC_MAPPING}.4": CipherSuite.AES_256,
    }
)
_STRENGTH = tuple(CipherSuite)  # in rising order
_DYNAMIC_DATA = 0x7C
_MAX_NONCE_BYTES = 64


@dataclass(frozen=True, slots=True)
class PaceChoice:
    """A protocol of the chip's that is spoken here. ``ambiguous``: it offers it on several curves."""

    info: PaceInfo
    suite: CipherSuite
    curve: NamedCurve
    ambiguous: bool

    @property
    def identifier(self) -> bytes:
        """The protocol's object identifier, encoded."""
        return write_object_identifier(self.info.protocol)


def choose(offered: Sequence[PaceInfo]) -> PaceChoice | None:
    """Return the strongest that is spoken here; ``None``: none is (other mappings, groups modulo a prime)."""
    spoken = [info for info in offered if info.protocol in _SUITES and info.parameter_id in STANDARD_CURVES]
    if not spoken:
        return None
    best = max(spoken, key=lambda info: _STRENGTH.index(_SUITES[info.protocol]))
    curve = named_curves()[STANDARD_CURVES[best.parameter_id or 0]]
    ambiguous = sum(info.protocol == best.protocol for info in offered) > 1
    return PaceChoice(best, _SUITES[best.protocol], curve, ambiguous)


def open_with_pace(channel: Channel, access: AccessSecret, choice: PaceChoice, *, entropy: Entropy) -> None:
    """Open the chip, in one attempt. The channel is protected afterwards.

    Raises ``Undetermined``: ``chip.access-denied``, ``chip.malformed-response``, ``chip.unexpected-status``;
    ``Refused``: ``chip.invalid-key``, ``chip.answer-forged``; and what :meth:`.channel.Channel.send` raises.
    """
    curve, suite = choice.curve, choice.suite
    # 0. Which protocol, which password, which curve (4.4.4.1).
    channel.require(_set_template(choice, access.pace_reference), doing="choosing PACE")
    # 1. The chip's nonce, encrypted under the password.
    nonce = _nonce(_exchange(channel, b"", 0x80), access.pace_key(suite), suite)
    # 2. An agreement in the clear, which maps the nonce to a new generator.
    first = EphemeralKey.draw(curve, entropy=entropy)
    theirs = _exchange_keys(channel, first, (0x81, 0x82))
    base = map_generator(curve, nonce, first.shared_point(theirs), blind=first.blind)
    # 3. An agreement over that generator: its secret is shared only where the nonce was.
    second = EphemeralKey.draw(curve, entropy=entropy, base=base)
    theirs = _exchange_keys(channel, second, (0x83, 0x84))
    secret = second.shared_secret(theirs)
    # 4. Each shows the other that it has it.
    _exchange_tokens(channel, choice, suite.derive(secret, MAC), second.public, theirs)
    channel.protection = SecureMessaging.from_secret(suite, secret)


def map_generator(curve: NamedCurve, nonce: int, agreed: EphemeralPoint, *, blind: int) -> EphemeralPoint:
    """Return nonce times G plus the agreed point (9303-11, 4.4.3.3.1).

    Raises ``Refused`` ``chip.invalid-key``.
    """
    scalar = nonce % curve.n
    if scalar == 0:
        raise Refused("chip.invalid-key", "the chip's nonce maps to nothing")
    mapped = affine(curve, add(curve, (*times_generator(curve, scalar, blind=blind), 1), (*agreed, 1)))
    if mapped is None:
        raise Refused("chip.invalid-key", "the mapped generator is at infinity")
    return mapped


def authentication_token(
    suite: CipherSuite, mac_key: bytes, identifier: bytes, curve: NamedCurve, public: EphemeralPoint
) -> bytes:
    """Return the token over the *other* side's key (9303-11, 4.4.3.4 and 9.4.3)."""
    data = write(0x7F49, write(0x06, identifier), write(0x86, encode_point(curve, public)))
    # The retail MAC is over padded data; CMAC pads by itself.
    return suite.mac(mac_key, pad(data, 8) if suite is CipherSuite.TRIPLE_DES else data)


def _set_template(choice: PaceChoice, password: int) -> Command:
    data = write(0x80, choice.identifier) + write(0x83, bytes([password]))
    if choice.ambiguous:
        data += write(0x84, bytes([choice.info.parameter_id or 0]))
    return Command(0x00, 0x22, 0xC1, 0xA4, data=data)


def _general_authenticate(data: bytes, *, last: bool) -> Command:
    cla = 0x00 if last else 0x10  # command chaining (ISO/IEC 7816-4, 5.1.1)
    return Command(cla, 0x86, 0x00, 0x00, data=write(_DYNAMIC_DATA, data), expected=SHORT_ANSWER)


def _exchange(channel: Channel, data: bytes, wanted: int) -> bytes:
    answer = channel.require(_general_authenticate(data, last=False), doing="PACE")
    return _object(answer, wanted)


def _object(answer: bytes, wanted: int) -> bytes:
    """Return the object ``wanted``. A certificate reference for other terminals may follow it."""
    try:
        return read_fields(read_one(answer, _DYNAMIC_DATA, what="the answer"), what="the answer").one(wanted)
    except Refused as failure:
        raise Undetermined("chip.malformed-response", f"PACE: {failure.detail}") from None


def _nonce(encrypted: bytes, key: bytes, suite: CipherSuite) -> int:
    if not encrypted or len(encrypted) > _MAX_NONCE_BYTES or len(encrypted) % suite.block_bytes:
        raise Undetermined("chip.malformed-response", f"PACE: a nonce of {len(encrypted)} bytes")
    return int.from_bytes(suite.decrypt(key, encrypted, start=bytes(suite.block_bytes)), "big")


def _exchange_keys(channel: Channel, key: EphemeralKey, tags: tuple[int, int]) -> EphemeralPoint:
    sent = write(tags[0], encode_point(key.curve, key.public))
    return read_chip_point(key.curve, _exchange(channel, sent, tags[1]), ours=key.public)


def _exchange_tokens(
    channel: Channel, choice: PaceChoice, mac_key: bytes, ours: EphemeralPoint, theirs: EphemeralPoint
) -> None:
    def token(public: EphemeralPoint) -> bytes:
        return authentication_token(choice.suite, mac_key, choice.identifier, choice.curve, public)

    response = channel.send(_general_authenticate(write(0x85, token(theirs)), last=True))
    if response.status != SUCCESS:
        raise denied(response.status)
    if not compare_digest(_object(response.data, 0x86), token(ours)):
        raise Refused("chip.answer-forged", "the chip's PACE token does not hold")
