"""Secure messaging: every command and answer encrypted and authenticated. ICAO 9303-11, 9.8.

A counter goes into every MAC, before a command and before its answer, so nothing can be played again, left
out or put in another place. After the first answer that does not hold the session is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest

from dongui.documents.passport.chip.apdu import SHORT_ANSWER, Command, Response
from dongui.documents.passport.chip.ciphers import ENCRYPTION, MAC, MAC_BYTES, CipherSuite, pad, unpad
from dongui.documents.passport.tlv import Tlv, read_sequence, write
from dongui.errors import Refused, Undetermined

__all__ = ["SecureMessaging"]

_CRYPTOGRAM, _CRYPTOGRAM_ODD = 0x87, 0x85
_STATUS, _MAC, _EXPECTED = 0x99, 0x8E, 0x97
_SECURE = 0x0C
_PADDING_INDICATOR = b"\x01"


class SecureMessaging:
    """The state of one session: two keys and the send sequence counter."""

    __slots__ = ("_counter", "_encryption_key", "_mac_key", "_suite")

    def __init__(self, suite: CipherSuite, encryption_key: bytes, mac_key: bytes, counter: int = 0) -> None:
        self._suite = suite
        self._encryption_key = encryption_key
        self._mac_key = mac_key
        self._counter = counter

    @classmethod
    def from_secret(cls, suite: CipherSuite, secret: bytes, counter: int = 0) -> SecureMessaging:
        """Derive both session keys from an agreed secret (9303-11, 9.7.4)."""
        return cls(suite, suite.derive(secret, ENCRYPTION), suite.derive(secret, MAC), counter)

    @property
    def suite(self) -> CipherSuite:
        """The cipher and MAC in use."""
        return self._suite

    def protect(self, command: Command) -> Command:
        """Return the command as it is sent (9303-11, 9.8.4). Counts one step."""
        self._counter += 1
        header = bytes((command.cla | _SECURE, *command.header[1:]))
        objects = self._cryptogram(command) + _expected(command)
        covered = pad(header, self._suite.block_bytes) + objects
        body = objects + write(_MAC, self._code(covered))
        length = 0x10000 if command.is_extended else SHORT_ANSWER
        cla, ins, p1, p2 = header
        return Command(cla, ins, p1, p2, data=body, expected=length, extended=command.is_extended)

    def unprotect(self, response: Response) -> Response:
        """Return the answer within, once its MAC holds (9303-11, 9.8.5). Counts one step.

        Raises ``Undetermined`` ``chip.session-lost`` where the chip answers in the clear;
        ``chip.malformed-response``; ``Refused`` ``chip.answer-forged`` where the MAC does not hold.
        """
        self._counter += 1
        if not response.data:
            raise Undetermined(
                "chip.session-lost", f"the chip answered {response.status:04X} outside the protected session"
            )
        answer = _read_answer(response.data)
        if not compare_digest(self._code(answer.covered), answer.code):
            raise Refused("chip.answer-forged", "the MAC over an answer does not hold")
        if answer.status != response.status:
            raise Refused(
                "chip.answer-forged", "the status outside the protected answer is not the one within"
            )
        return Response(self._decrypted(answer.cryptogram), answer.status)

    def _cryptogram(self, command: Command) -> bytes:
        if not command.data:
            return b""
        padded = pad(command.data, self._suite.block_bytes)
        encrypted = self._suite.encrypt(self._encryption_key, padded, start=self._start())
        if command.ins & 1:  # the data of odd instructions is itself made of objects: another tag
            return write(_CRYPTOGRAM_ODD, encrypted)
        return write(_CRYPTOGRAM, _PADDING_INDICATOR, encrypted)

    def _decrypted(self, cryptogram: bytes | None) -> bytes:
        if cryptogram is None:
            return b""
        try:
            return unpad(self._suite.decrypt(self._encryption_key, cryptogram, start=self._start()))
        except ValueError:
            raise Undetermined("chip.malformed-response", "an encrypted answer has no padding") from None

    def _start(self) -> bytes:
        return self._suite.start_for(self._encryption_key, self._sequence())

    def _sequence(self) -> bytes:
        size = self._suite.block_bytes
        return (self._counter % (1 << 8 * size)).to_bytes(size, "big")

    def _code(self, covered: bytes) -> bytes:
        padded = pad(self._sequence() + covered, self._suite.block_bytes)
        return self._suite.mac(self._mac_key, padded)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A protected answer taken apart; ``covered`` is what the MAC is over, as received."""

    cryptogram: bytes | None
    status: int
    code: bytes
    covered: bytes


def _expected(command: Command) -> bytes:
    if command.expected is None:
        return b""
    size = 2 if command.is_extended else 1
    return write(_EXPECTED, (command.expected % (1 << 8 * size)).to_bytes(size, "big"))


def _read_answer(data: bytes) -> _Answer:
    """Take the objects in their one order: cryptogram if any, status, MAC at the end."""
    try:
        objects = list(read_sequence(data, what="a protected answer"))
    except Refused as failure:
        raise _malformed(failure.detail) from None
    if len(objects) not in (2, 3):
        raise _malformed(f"a protected answer has {len(objects)} objects")
    *encrypted, status, code = objects
    _require_form(status, _STATUS, 2)
    _require_form(code, _MAC, MAC_BYTES)
    cryptogram = _cryptogram(encrypted[0]) if encrypted else None
    covered = data[: len(data) - len(write(_MAC, code.value))]
    return _Answer(cryptogram, int.from_bytes(status.value, "big"), code.value, covered)


def _require_form(item: Tlv, tag: int, size: int) -> None:
    if item.tag != tag or len(item.value) != size:
        raise _malformed(f"an object {item.tag:X} stands where {tag:X} is expected")


def _cryptogram(item: Tlv) -> bytes:
    if item.tag == _CRYPTOGRAM_ODD and item.value:
        return item.value
    if item.tag == _CRYPTOGRAM and item.value[:1] == _PADDING_INDICATOR and len(item.value) > 1:
        return item.value[1:]
    raise _malformed(f"an object {item.tag:X} stands where a cryptogram is expected")


def _malformed(detail: str) -> Undetermined:
    return Undetermined("chip.malformed-response", detail)
