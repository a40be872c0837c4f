"""Chip authentication, version 1: ICAO 9303-11, 6.2, over elliptic curves.

The reader agrees on new session keys with the static key in DG14. Whoever holds a copy of the files lacks the
private half and cannot speak under those keys. The reader signs nothing, so nobody can be shown afterwards
that this chip was here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dongui.documents.passport.chip.apdu import SHORT_ANSWER, SUCCESS, Command
from dongui.documents.passport.chip.channel import Channel
from dongui.documents.passport.chip.ciphers import CipherSuite
from dongui.documents.passport.chip.key_agreement import EphemeralKey, encode_point
from dongui.documents.passport.chip.secure_messaging import SecureMessaging
from dongui.documents.passport.dg14 import CHIP_AUTHENTICATION, SecurityInfos
from dongui.documents.passport.issuing import write_object_identifier
from dongui.documents.passport.tlv import write
from dongui.documents.trust.explicit_curves import UnknownCurve
from dongui.documents.trust.signature_checks import EcKey, read_public_key
from dongui.encoding.der import DerError, read
from dongui.environment import Entropy
from dongui.errors import Refused

__all__ = ["ChipKey", "agree_on_new_keys", "choose_chip_key"]

_ECDH = f"{CHIP_AUTHENTICATION}.2"
_ECDH_KEY = "0.4.0.127.0.7.2.2.1.2"
_SUITES: Mapping[str, CipherSuite] = MappingProxyType(
    {f"{_ECDH}.{number}": suite for number, suite in enumerate(CipherSuite, start=1)}
)
_STRENGTH = tuple(CipherSuite)
_MAX_KEY_BYTES = 2_048


@dataclass(frozen=True, slots=True)
class ChipKey:
    """A static key of the chip's with the protocol to use it by. ``key_id`` tells it from others."""

    protocol: str
    suite: CipherSuite
    key: EcKey
    key_id: int | None


def choose_chip_key(infos: SecurityInfos) -> ChipKey | None:
    """Return the strongest key and protocol that are spoken here; ``None``: none is.

    A key without a protocol is used with triple DES (9303-11, 6.2.1: the first chips said nothing else).
    Raises ``Refused`` ``passport.public-key-malformed``.
    """
    offers = [(info.protocol, info.key_id) for info in infos.chip_authentications]
    offers = [offer for offer in offers if offer[0] in _SUITES] or (
        [] if infos.chip_authentications else [(f"{_ECDH}.1", None)]
    )
    found = [(protocol, key) for protocol, number in offers for key in _keys(infos, number)]
    if not found:
        return None
    protocol, (key, key_id) = max(found, key=lambda entry: _STRENGTH.index(_SUITES[entry[0]]))
    return ChipKey(protocol, _SUITES[protocol], key, key_id)


def agree_on_new_keys(channel: Channel, chosen: ChipKey, *, entropy: Entropy) -> None:
    """Agree with the chip's key, and go on under what only the holder of its private half can derive.

    That the chip *has* it is shown by its next answer. Raises ``Refused`` ``chip.authentication-failed``
    where the chip does not take part, and what :meth:`.channel.Channel.send` raises.
    """
    curve = chosen.key.curve
    ours = EphemeralKey.draw(curve, entropy=entropy)
    public = encode_point(curve, ours.public)
    for command in _commands(chosen, public):
        status = channel.send(command).status
        if status != SUCCESS:
            detail = f"the document offers chip authentication, and the chip answers {status:04X} to it"
            raise Refused("chip.authentication-failed", detail)
    secret = ours.shared_secret((chosen.key.x, chosen.key.y))
    channel.protection = SecureMessaging.from_secret(chosen.suite, secret)


def _commands(chosen: ChipKey, public: bytes) -> tuple[Command, ...]:
    number = b"" if chosen.key_id is None else write(0x84, _shortest(chosen.key_id))
    if chosen.suite is CipherSuite.TRIPLE_DES:
        # 6.2.4.1: one command, MSE:Set KAT.
        return (Command(0x00, 0x22, 0x41, 0xA6, data=write(0x91, public) + number),)
    # 6.2.4.2: MSE:Set AT names protocol and key, GENERAL AUTHENTICATE carries ours.
    template = write(0x80, write_object_identifier(chosen.protocol)) + number
    data = write(0x7C, write(0x80, public))
    return (
        Command(0x00, 0x22, 0x41, 0xA4, data=template),
        Command(0x00, 0x86, 0x00, 0x00, data=data, expected=SHORT_ANSWER),
    )


def _shortest(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")


def _keys(infos: SecurityInfos, number: int | None) -> list[tuple[EcKey, int | None]]:
    """The keys on known curves that go by ``number``; without one, all."""
    found = []
    for info in infos.chip_authentication_keys:
        if info.protocol == _ECDH_KEY and number in (None, info.key_id):
            key = _key(info.public_key)
            if key is not None:
                found.append((key, info.key_id))
    return found


def _key(encoded: bytes) -> EcKey | None:
    try:
        key = read_public_key(read(encoded, max_bytes=_MAX_KEY_BYTES, what="the chip's key"))
    except UnknownCurve:
        return None
    except DerError as error:
        raise Refused("passport.public-key-malformed", f"the chip's key in DG14: {error}") from None
    return key if isinstance(key, EcKey) else None
