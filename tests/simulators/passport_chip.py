"""A passport's chip that exists in memory: it enforces what a real one does, and fails as it is told to.

``PassportChip(...)`` answers commands through ``transmit``. Nothing is read without access: every file but
EF.CardAccess answers 6982 until BAC or PACE succeeded, and from then on every command must be protected; one
that is not, or whose MAC does not hold, ends the session. It is the chip's side written for itself: messages
are taken apart and put together here and not by the reader's code, whose ciphers and points alone it uses.

``faults`` says what happens at the command of a number (from 0): see :class:`Fault`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.ciphers import ENCRYPTION, MAC, CipherSuite, pad, unpad
from dongui.documents.passport.chip.key_agreement import STANDARD_CURVES
from dongui.documents.passport.dg14 import PACE, read_object_identifier
from dongui.documents.passport.files import file_identifier
from dongui.documents.passport.issuing import pace_info
from dongui.documents.passport.tlv import read_fields, read_one, write
from dongui.documents.trust.explicit_curves import named_curves, read_point
from dongui.environment import SystemEntropy
from dongui.errors import Trouble
from simulators.chip_pace import PaceRun, times
from simulators.chip_signatures import sign_plain, sign_rsa

__all__ = ["ATR", "ChipKeys", "Fault", "PassportChip"]

# ISO/IEC 14443 as PC/SC shows it: T=1, no historical bytes.
ATR = bytes.fromhex("3B80800101")
_PASSPORT = bytes.fromhex("A0000002471001")
_CARD_ACCESS, _ATR_INFO = 0x011C, 0x2F01
_SUITES = dict(enumerate(CipherSuite, start=1))


class Fault(Enum):
    """What happens at one command."""

    VANISH = "the chip is taken away"
    GARBAGE = "random bytes come back"
    EMPTY = "nothing comes back"
    REFUSE = "6F00 comes back"
    TRUNCATE = "half of the answer comes back"
    FLIP = "one bit of the answer is another"
    SKIP = "the chip counts one step too many"
    REPLAY = "the answer before comes back again"


@dataclass(frozen=True)
class ChipKeys:
    """The private halves of the keys in DG14 and DG15; a copied chip has none."""

    chip_authentication: int | None = None  # a scalar
    curve: str = "secp256r1"
    active_rsa: rsa.RSAPrivateKey | None = None
    active_curve: ec.EllipticCurvePrivateKey | None = None


@dataclass
class _Session:
    """One protected session: the chip's side of secure messaging."""

    suite: CipherSuite
    encryption_key: bytes
    mac_key: bytes
    counter: int

    def step(self) -> bytes:
        self.counter += 1
        return self.counter.to_bytes(self.suite.block_bytes, "big")

    def code(self, sequence: bytes, data: bytes) -> bytes:
        return self.suite.mac(self.mac_key, pad(sequence + data, self.suite.block_bytes))

    def start(self, sequence: bytes) -> bytes:
        zeros = bytes(self.suite.block_bytes)
        if self.suite is CipherSuite.TRIPLE_DES:
            return zeros
        return self.suite.encrypt(self.encryption_key, sequence, start=zeros)


class _Status(Exception):
    """A status word that ends a command."""

    def __init__(self, status: int) -> None:
        self.status = status


@dataclass
class PassportChip:
    """One chip with its files (by number), its secrets and its state.

    ``pace`` are (last arc of the protocol, number of the curve); ``card_access`` overrides what is said of
    it. ``longest`` is the longest answer, announced in EF.ATR/INFO when it is beyond 256. ``seen`` are the
    file identifiers that were asked for, ``commands`` how many commands came, ``attempts`` how often somebody
    tried to get access, ``gone`` whether it was taken away.
    """

    files: Mapping[int, bytes]
    secret: AccessSecret
    bac: bool = True
    pace: tuple[tuple[int, int], ...] = ()
    card_access: bytes | None = None
    keys: ChipKeys = field(default_factory=ChipKeys)
    longest: int = 256
    faults: Mapping[int, Fault] = field(default_factory=dict)
    commands: int = 0
    attempts: int = 0
    seen: list[int] = field(default_factory=list)
    gone: bool = False
    _session: _Session | None = None
    _next_session: _Session | None = None
    _selected: bytes | None = None
    _application: bool = False
    _access: bool = False
    _challenge: bytes | None = None
    _pace: PaceRun | None = None
    _chosen_suite: CipherSuite | None = None
    _before: bytes = b""

    def transmit(self, command: bytes) -> bytes:
        """Answer one command, or be gone."""
        number, self.commands = self.commands, self.commands + 1
        fault = self.faults.get(number)
        if fault is Fault.VANISH or self.gone:
            self.gone = True
            raise Trouble("chip.vanished", "the simulated chip was taken away")
        if fault is Fault.SKIP and self._session is not None:
            self._session.counter += 1
        answer = self._answer(command)
        spoiled = self._spoiled(answer, fault)
        self._before = answer
        return spoiled

    def reset(self) -> None:
        """Lose everything but the files and the keys, as when power goes."""
        self._session = self._next_session = self._selected = None
        self._application = self._access = False
        self._challenge, self._pace, self._chosen_suite = None, None, None

    def _spoiled(self, answer: bytes, fault: Fault | None) -> bytes:
        entropy = SystemEntropy()
        if fault is Fault.GARBAGE:
            return entropy.draw(32)
        if fault is Fault.TRUNCATE:
            return answer[: len(answer) // 2]
        if fault is Fault.FLIP:
            return bytes([answer[0] ^ 1]) + answer[1:]
        return {Fault.EMPTY: b"", Fault.REFUSE: b"\x6f\x00", Fault.REPLAY: self._before}.get(fault, answer)  # type: ignore[arg-type]

    def _answer(self, command: bytes) -> bytes:
        protected = self._session is not None
        try:
            header, data, expected = _parse(command)
            if self._session is not None:
                header, data, expected = self._unprotected(header, data)
        except _Status as refusal:
            self._session, self._access, self._selected = None, False, None
            return refusal.status.to_bytes(2, "big")
        try:
            content, status = self._carry_out(header, data, expected), 0x9000
        except _Status as refusal:
            content, status = b"", refusal.status
        if protected:
            return self._protected(content, status, odd=header[1] & 1 == 1)
        self._begin_next()
        return content + status.to_bytes(2, "big")

    def _begin_next(self) -> None:
        if self._next_session is not None:
            self._session, self._next_session = self._next_session, None

    # Secure messaging, the chip's side.

    def _unprotected(self, header: bytes, data: bytes) -> tuple[bytes, bytes, int]:
        session = self._session
        assert session is not None
        sequence = session.step()
        if header[0] & 0x0C != 0x0C:
            raise _Status(0x6982)  # in the clear: the session ends
        objects = read_fields(data, what="command").objects
        if not objects or objects[-1].tag != 0x8E:
            raise _Status(0x6987)
        covered = pad(header, session.suite.block_bytes) + data[:-10]
        if session.code(sequence, covered) != objects[-1].value:
            raise _Status(0x6988)
        content, expected = b"", 0
        for item in objects[:-1]:
            if item.tag == 0x97:
                expected = int.from_bytes(item.value, "big") or (256 if len(item.value) == 1 else 65536)
            else:
                cryptogram = item.value[1:] if item.tag == 0x87 else item.value
                content = unpad(
                    session.suite.decrypt(session.encryption_key, cryptogram, start=session.start(sequence))
                )
        return bytes([header[0] & 0xF3]) + header[1:], content, expected

    def _protected(self, content: bytes, status: int, *, odd: bool) -> bytes:
        session = self._session
        assert session is not None
        sequence = session.step()
        body = b""
        if content:
            padded = pad(content, session.suite.block_bytes)
            encrypted = session.suite.encrypt(session.encryption_key, padded, start=session.start(sequence))
            body = write(0x85, encrypted) if odd else write(0x87, b"\x01", encrypted)
        body += write(0x99, status.to_bytes(2, "big"))
        body += write(0x8E, session.code(sequence, body))
        assert len(body) <= max(self.longest, 256), "a real chip could not send this"
        self._begin_next()
        return body + status.to_bytes(2, "big")

    # Commands.

    def _carry_out(self, header: bytes, data: bytes, expected: int) -> bytes:
        _, ins, p1, p2 = header
        commands: dict[int, Callable[[], bytes]] = {
            0xA4: lambda: self._select(p1, data),
            0xB0: lambda: self._read(p1 << 8 | p2, expected),
            0xB1: lambda: self._read_far(data, expected),
            0x84: self._get_challenge,
            0x82: lambda: self._external_authenticate(data),
            0x22: lambda: self._manage(p1, p2, data),
            0x86: lambda: self._general_authenticate(data),
            0x88: lambda: self._internal_authenticate(data),
        }
        if ins not in commands:
            raise _Status(0x6D00)
        return commands[ins]()

    def _select(self, p1: int, data: bytes) -> bytes:
        if p1 == 0x04:
            if data != _PASSPORT or not self.files:
                raise _Status(0x6A82)
            self._application, self._selected = True, None
            return b""
        identifier = int.from_bytes(data, "big")
        self.seen.append(identifier)
        if not self._application:
            self._selected = self._outer_file(identifier)
            return b""
        if not self._access:
            raise _Status(0x6982)
        inner = {file_identifier(number): content for number, content in self.files.items()}
        if identifier not in inner:
            raise _Status(0x6A82)
        self._selected = inner[identifier]
        return b""

    def _outer_file(self, identifier: int) -> bytes:
        offered = self.card_access if self.card_access is not None else self._offer()
        if identifier == _CARD_ACCESS and offered:
            return offered
        if identifier == _ATR_INFO and self.longest > 256:
            size = write(0x02, self.longest.to_bytes(2, "big"))
            return write(0x7F66, size, size)
        raise _Status(0x6A82)

    def _offer(self) -> bytes:
        infos = [pace_info(f"{PACE}.2.{arc}", number) for arc, number in self.pace]
        return write(0x31, *sorted(infos)) if infos else b""

    def _read(self, offset: int, expected: int) -> bytes:
        if self._selected is None or (self._application and not self._access):
            raise _Status(0x6982 if self._application else 0x6986)
        if offset > 0x7FFF or offset >= len(self._selected):
            raise _Status(0x6B00)
        return self._selected[offset : offset + expected]

    def _read_far(self, data: bytes, expected: int) -> bytes:
        if self._selected is None or not self._access:
            raise _Status(0x6982)
        offset = int.from_bytes(read_one(data, 0x54, what="offset"), "big")
        piece = self._selected[offset : offset + expected]
        while len(write(0x53, piece)) > expected:
            piece = piece[:-1]
        if not piece:
            raise _Status(0x6B00)
        return write(0x53, piece)

    # Basic access control: ICAO 9303-11, 4.3.

    def _get_challenge(self) -> bytes:
        if not self.bac or not self._application:
            raise _Status(0x6985)
        self._challenge = SystemEntropy().draw(16)[:8]
        return self._challenge

    def _external_authenticate(self, data: bytes) -> bytes:
        self.attempts += 1
        challenge, self._challenge = self._challenge, None
        suite = CipherSuite.TRIPLE_DES
        encryption_key, mac_key = self.secret.bac_keys()
        if challenge is None or len(data) != 40 or suite.mac(mac_key, pad(data[:32], 8)) != data[32:]:
            raise _Status(0x6300)
        opened = suite.decrypt(encryption_key, data[:32], start=bytes(8))
        theirs, echoed, half = opened[:8], opened[8:16], opened[16:]
        if echoed != challenge:
            raise _Status(0x6300)
        own = SystemEntropy().draw(16)
        answer = suite.encrypt(encryption_key, challenge + theirs + own, start=bytes(8))
        secret = bytes(one ^ other for one, other in zip(half, own, strict=True))
        self._start(suite, secret, int.from_bytes(challenge[4:] + theirs[4:], "big"))
        return answer + suite.mac(mac_key, pad(answer, 8))

    def _start(self, suite: CipherSuite, secret: bytes, counter: int = 0) -> None:
        """Begin a session behind the answer to this command."""
        self._access = True
        self._next_session = _Session(
            suite, suite.derive(secret, ENCRYPTION), suite.derive(secret, MAC), counter
        )

    # PACE: 4.4; chip authentication: 6.2; active authentication: 6.1.

    def _manage(self, p1: int, p2: int, data: bytes) -> bytes:
        fields = read_fields(data, what="template")
        if (p1, p2) == (0xC1, 0xA4):
            return self._choose_pace(fields.one(0x80), fields.one(0x83), fields.optional(0x84))
        if not self._access or self.keys.chip_authentication is None:
            raise _Status(0x6A80)
        if (p1, p2) == (0x41, 0xA6):
            self._agree(CipherSuite.TRIPLE_DES, fields.one(0x91))
        else:
            self._chosen_suite = _SUITES[int(read_object_identifier(fields.one(0x80)).rsplit(".", 1)[1])]
        return b""

    def _choose_pace(self, protocol: bytes, password: bytes, number: bytes | None) -> bytes:
        arc = int(read_object_identifier(protocol).rsplit(".", 1)[1])
        curves = [curve for offered, curve in self.pace if offered == arc]
        if not curves or (number is None and len(curves) > 1):
            raise _Status(0x6A80)
        secret = AccessSecret(mrz=self.secret.mrz) if password == b"\x01" else self.secret
        if password == b"\x02" and self.secret.can is None:
            raise _Status(0x6A88)
        curve = curves[0] if number is None else number[0]
        self._pace = PaceRun(_SUITES[arc], named_curves()[STANDARD_CURVES[curve]], protocol, secret)
        return b""

    def _general_authenticate(self, data: bytes) -> bytes:
        fields = read_fields(read_one(data, 0x7C, what="command"), what="command")
        if self._chosen_suite is not None:
            suite, self._chosen_suite = self._chosen_suite, None
            self._agree(suite, fields.one(0x80))
            return write(0x7C)
        if self._pace is None:
            raise _Status(0x6985)
        answer, done = self._pace.step(fields.objects[0].tag if fields.objects else 0, fields)
        if done is not None:
            self.attempts += 1
            if not done:
                self._pace = None
                raise _Status(0x6300)
            self._start(self._pace.suite, self._pace.agreed)
        return write(0x7C, answer)

    def _agree(self, suite: CipherSuite, encoded: bytes) -> None:
        curve = named_curves()[self.keys.curve]
        assert self.keys.chip_authentication is not None
        point = times(curve, self.keys.chip_authentication, read_point(curve, encoded))
        self._start(suite, point[0].to_bytes(curve.field_octets, "big"))

    def _internal_authenticate(self, challenge: bytes) -> bytes:
        if not self._access:
            raise _Status(0x6982)
        if self.keys.active_rsa is not None:
            return sign_rsa(self.keys.active_rsa, challenge)
        if self.keys.active_curve is not None:
            return sign_plain(self.keys.active_curve, challenge)
        raise _Status(0x6D00)


def _parse(command: bytes) -> tuple[bytes, bytes, int]:
    """Header, data and how much is asked for: ISO/IEC 7816-4, 5.1, both lengths."""
    header, body = command[:4], command[4:]
    if len(command) < 4:
        raise _Status(0x6700)
    if not body:
        return header, b"", 0
    if body[0] == 0 and len(body) >= 3:
        size = int.from_bytes(body[1:3], "big")
        if len(body) == 3:
            return header, b"", size or 65536
        data, rest = body[3 : 3 + size], body[3 + size :]
        return header, data, (int.from_bytes(rest, "big") or 65536) if rest else 0
    if len(body) == 1:
        return header, b"", body[0] or 256
    data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
    if len(data) != body[0] or len(rest) > 1:
        raise _Status(0x6700)
    return header, data, (rest[0] or 256) if rest else 0
