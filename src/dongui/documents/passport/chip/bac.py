"""Basic access control: ICAO 9303-11, 4.3. What chips speak that do not have PACE.

Its keys come from the printed zone alone, with perhaps 50 bits nobody knows: whoever records the radio and
guesses number and dates can read along. That is known, and the reason PACE comes first.
"""

from __future__ import annotations

from hmac import compare_digest

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.apdu import SUCCESS, Command
from dongui.documents.passport.chip.channel import Channel
from dongui.documents.passport.chip.ciphers import MAC_BYTES, CipherSuite, pad
from dongui.documents.passport.chip.secure_messaging import SecureMessaging
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused, Undetermined

__all__ = ["open_with_bac"]

_SUITE = CipherSuite.TRIPLE_DES
_CHALLENGE, _KEY, _CRYPTOGRAM = 8, 16, 32
_GET_CHALLENGE = Command(0x00, 0x84, 0x00, 0x00, expected=_CHALLENGE)


def open_with_bac(channel: Channel, access: AccessSecret, *, entropy: Entropy) -> None:
    """Open the selected passport application, in one attempt. The channel is protected afterwards.

    Raises ``Misuse`` ``chip.access-zone-needed`` where only a card access number is at hand;
    ``Undetermined``: ``chip.access-denied``, ``chip.access-unsupported``, ``chip.malformed-response``;
    ``Refused`` ``chip.answer-forged``; and what :meth:`.channel.Channel.send` raises.
    """
    if access.mrz is None:
        raise Misuse(
            "chip.access-zone-needed", "this chip has no PACE; a card access number does not open it"
        )
    # 1. The chip's challenge.
    challenge = channel.send(_GET_CHALLENGE)
    if challenge.status != SUCCESS:
        detail = f"it answers {challenge.status:04X} to basic access control, and offers no PACE spoken here"
        raise Undetermined("chip.access-unsupported", detail)
    theirs = challenge.data
    if len(theirs) != _CHALLENGE:
        raise Undetermined("chip.malformed-response", f"a challenge of {len(theirs)} bytes")
    # 2. Ours, the chip's and half of the key, encrypted under the zone's keys.
    encryption_key, mac_key = access.bac_keys()
    ours, half = entropy.draw(16)[:_CHALLENGE], entropy.draw(_KEY)
    sent = _SUITE.encrypt(encryption_key, ours + theirs + half, start=bytes(8))
    token = sent + _SUITE.mac(mac_key, pad(sent, 8))
    # 3. The chip decides whether we know the zone. Once: a chip slows down with every wrong attempt.
    response = channel.send(Command(0x00, 0x82, 0x00, 0x00, data=token, expected=len(token)))
    if response.status != SUCCESS:
        raise denied(response.status)
    # 4. The chip's proof that it knows it too, and its half of the key.
    other_half = _opened(response.data, encryption_key, mac_key, theirs + ours)
    secret = bytes(one ^ other for one, other in zip(half, other_half, strict=True))
    counter = int.from_bytes(theirs[4:] + ours[4:], "big")
    channel.protection = SecureMessaging.from_secret(_SUITE, secret, counter)


def denied(status: int) -> Undetermined:
    """The failure for a chip that does not take what opens it."""
    return Undetermined(
        "chip.access-denied",
        f"the chip answered {status:04X}: document number, birth and expiry (or the card access number) "
        "are not this chip's; it was asked once",
    )


def _opened(answer: bytes, encryption_key: bytes, mac_key: bytes, challenges: bytes) -> bytes:
    """Return the chip's half of the key, once MAC and both challenges hold."""
    if len(answer) != _CRYPTOGRAM + MAC_BYTES:
        raise Undetermined("chip.malformed-response", f"an authentication of {len(answer)} bytes")
    received, code = answer[:_CRYPTOGRAM], answer[_CRYPTOGRAM:]
    if not compare_digest(_SUITE.mac(mac_key, pad(received, 8)), code):
        raise Refused("chip.answer-forged", "the MAC over the chip's authentication does not hold")
    opened = _SUITE.decrypt(encryption_key, received, start=bytes(8))
    if not compare_digest(opened[: 2 * _CHALLENGE], challenges):
        raise Refused("chip.answer-forged", "the chip's authentication answers another challenge")
    return opened[2 * _CHALLENGE :]
