"""Attacks on reading a chip: copies, lent proofs, downgrades, replays, bad points, and a chip taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from dongui.documents.authenticated import HolderBinding
from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.active_authentication import verifies_rsa
from dongui.documents.passport.chip.apdu import Transport
from dongui.documents.passport.files import COM, SOD
from dongui.errors import DonguiError
from simulators.chip_documents import SECRET, Wishes, chip, read
from simulators.chip_signatures import sign_rsa
from simulators.passport_chip import ChipKeys, Fault, PassportChip
from simulators.passport_country import judge, utopia

PACE = Wishes(pace=((2, 12),))
SIGNING = Wishes(chip_authentication=None, active="ecdsa")
_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


@dataclass
class Between:
    """Somebody between reader and chip, who sees and changes answers by the number of their command."""

    chip: PassportChip
    change: Callable[[int, bytes, bytes], bytes]
    sent: list[bytes] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.change(len(self.sent) - 1, command, self.chip.transmit(command))


def name_of(on_reader: PassportChip | Between) -> str:
    """The failure's name, or "read"."""
    try:
        read_from(on_reader)
    except DonguiError as failure:
        return failure.name
    return "read"


def read_from(on_reader: Transport) -> object:
    return read(on_reader)


def copy_of(sound: PassportChip, **changes: object) -> PassportChip:
    """A blank chip with somebody's files, and whatever else a forger has."""
    return PassportChip(sound.files, sound.secret, pace=sound.pace, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("wishes", [Wishes(), Wishes(chip_authentication=1), SIGNING, PACE])
def test_copied_chip(wishes: Wishes) -> None:
    """Files copied to a chip that does not hold their key: found out before the portrait is asked for."""
    copy = copy_of(chip(wishes))
    assert name_of(copy) == "chip.authentication-failed"
    assert 0x0102 not in copy.seen


@pytest.mark.parametrize("wishes", [Wishes(), Wishes(chip_authentication=1)], ids=["aes", "3des"])
def test_copied_chip_with_a_key_of_its_own(wishes: Wishes) -> None:
    """It plays along, and cannot speak under keys agreed with the key that was signed."""
    copy = copy_of(chip(wishes), keys=ChipKeys(chip_authentication=12_345))
    assert name_of(copy) == "chip.authentication-failed"


@pytest.mark.parametrize(
    ("wishes", "number"), [(Wishes(), 14), (SIGNING, 15), (Wishes(), 1), (Wishes(), SOD), (Wishes(), COM)]
)
def test_copied_chip_that_hides_a_file(wishes: Wishes, number: int) -> None:
    """Without its key file a copy would pass for an old passport that has none: EF.SOD lists it."""
    sound = chip(wishes)
    hiding = PassportChip(
        {one: content for one, content in sound.files.items() if one != number}, SECRET, keys=sound.keys
    )
    assert name_of(hiding) == "chip.file-withheld"


def test_lent_proof() -> None:
    """The proof of one's own genuine chip does not make a copy of another's files genuine."""
    own = read(chip(Wishes(key_id=9)))
    other = chip(Wishes(key_id=8))
    assert judge(dict(other.files), utopia().anchors).holder_binding is HolderBinding.COPYABLE
    with pytest.raises(DonguiError) as failure:
        judge(dict(other.files), utopia().anchors, chip=own.evidence)
    assert failure.value.name == "passport.chip-evidence-mismatch"


@pytest.mark.parametrize("offered", [(), ((1, 12),), ((1, 12), (4, 12))], ids=["none", "weak", "added"])
def test_downgrade_of_access(offered: tuple[tuple[int, int], ...]) -> None:
    """EF.CardAccess changed on its way: whatever access that led to, DG14 tells what the issuer signed."""
    sound = chip(Wishes(pace=((4, 12),)))
    changed = PassportChip(sound.files, SECRET, pace=offered, keys=sound.keys)
    assert name_of(changed) == "chip.card-access-mismatch"


def test_no_fall_back_from_pace() -> None:
    """A PACE that fails is not followed by basic access control: failing it would be a way to force that."""
    on_reader = Between(
        chip(PACE), lambda _at, command, answer: b"\x6f\x00" if command[1] == 0x86 else answer
    )
    assert name_of(on_reader) == "chip.unexpected-status"
    assert not any(command[1] in (0x84, 0x82) for command in on_reader.sent)


class Replaying(PassportChip):
    """A chip that answers with a signature it was once given."""

    recorded: bytes = b""

    def _internal_authenticate(self, challenge: bytes) -> bytes:
        return self.recorded


@pytest.mark.parametrize("kind", ["ecdsa", "rsa-1024"])
def test_replayed_active_authentication(kind: str) -> None:
    """A recorded signature answers another challenge."""
    heard: list[bytes] = []

    class Recording(PassportChip):
        def _internal_authenticate(self, challenge: bytes) -> bytes:
            heard.append(super()._internal_authenticate(challenge))
            return heard[-1]

    sound = chip(Wishes(chip_authentication=None, active=kind))
    assert name_of(Recording(sound.files, SECRET, keys=sound.keys)) == "read"
    replaying = Replaying(sound.files, SECRET)
    replaying.recorded = heard[0]
    assert name_of(replaying) == "chip.authentication-failed"


def test_forged_active_authentication() -> None:
    """Signatures that are none: empty, zero, the modulus, another header, trailer, digest or length."""
    key = rsa.generate_private_key(65537, 1024)
    modulus = key.public_key().public_numbers().n
    challenge = b"12345678"
    sound = sign_rsa(key, challenge)
    for digest in ("sha1", "sha256", "sha512"):
        good = sign_rsa(key, challenge, digest=digest)
        assert verifies_rsa(modulus, 65537, signature=good, challenge=challenge)
        assert not verifies_rsa(modulus, 65537, signature=good, challenge=b"12345679")
    wrong = [b"", bytes(128), modulus.to_bytes(128, "big"), sound[:-1], sound + b"\0", b"\x01" * 128]
    private = key.private_numbers().d
    opened = bytearray(b"\x6a" + bytes(126) + b"\xbc")
    for place, value in ((0, 0x6A), (0, 0x4A), (127, 0xAC), (127, 0xCC)):
        opened[place] = value
        wrong.append(pow(int.from_bytes(opened, "big"), private, modulus).to_bytes(128, "big"))
    for signature in wrong:
        assert not verifies_rsa(modulus, 65537, signature=signature, challenge=challenge)


def _is(command: bytes, tag: int) -> bool:
    """Whether a command is PACE's that carries an object of this tag."""
    return command[:2] == b"\x10\x86" and command[7] == tag


def _point(x: int, y: int) -> bytes:
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


@pytest.mark.parametrize("sent", [0x81, 0x83], ids=["mapping", "agreement"])
@pytest.mark.parametrize(
    "point",
    [_point(1, 1), _point(0, 0), _point(_P, _P), b"\x00", b"\x02" + bytes(31) + b"\x05", b"\x04" + bytes(65)],
    ids=["off the curve", "zero", "beyond the field", "infinity", "compressed", "long"],
)
def test_points_of_other_curves(sent: int, point: bytes) -> None:
    """A point that is not on the curve lies in a small group, where the secret is one of few."""

    def change(_at: int, command: bytes, answer: bytes) -> bytes:
        inner = bytes([sent + 1, len(point)]) + point
        return b"\x7c" + bytes([len(inner)]) + inner + b"\x90\x00" if _is(command, sent) else answer

    assert name_of(Between(chip(PACE), change)) == "chip.invalid-key"


@pytest.mark.parametrize("sent", [0x81, 0x83], ids=["mapping", "agreement"])
def test_reflected_key(sent: int) -> None:
    """A chip that sends our own key back needs no secret to agree on."""

    def change(_at: int, command: bytes, answer: bytes) -> bytes:
        if not _is(command, sent):
            return answer
        back = bytearray(command[5:-1])
        back[2] += 1  # 81 becomes 82, 83 becomes 84
        return bytes(back) + b"\x90\x00"

    assert name_of(Between(chip(PACE), change)) == "chip.invalid-key"


def test_protected_answers_cannot_be_changed() -> None:
    """Each bit of a protected answer: cryptogram, status within, MAC, status outside."""
    sound = Between(chip(), lambda _at, _command, answer: answer)
    read_from(sound)
    at = next(number for number, command in enumerate(sound.sent) if command[0] == 0x0C) + 1
    for bit in range(8 * 40):

        def change(number: int, _command: bytes, answer: bytes, bit: int = bit) -> bytes:
            if number != at:
                return answer
            changed = bytearray(answer)
            changed[-1 - bit // 8 % len(changed)] ^= 1 << bit % 8
            return bytes(changed)

        assert name_of(Between(chip(), change)) in ("chip.answer-forged", "chip.malformed-response")


@pytest.mark.parametrize("wishes", [Wishes(active="ecdsa"), PACE, SIGNING], ids=["bac", "pace", "signing"])
@pytest.mark.parametrize("fault", Fault)
def test_any_fault_at_any_command(fault: Fault, wishes: Wishes) -> None:
    """At every command of a reading, each fault: a named failure, or the same files; one attempt at most."""
    sound = chip(wishes)
    # What comes after PACE is what comes after basic access control.
    total = 18 if wishes is PACE else read(sound).commands
    for number in range(total):
        on_reader = chip(wishes)
        on_reader.faults = {number: fault}
        try:
            reading = read(on_reader)
        except DonguiError as failure:
            found = failure.name
            assert found.startswith(("chip.", "passport."))
            assert fault is not Fault.VANISH or found == "chip.vanished"
        else:
            # Before anything is protected a fault may be harmless, or take the speed off.
            assert {**reading.files.groups, COM: reading.files.com, SOD: reading.files.security_object} == (
                on_reader.files
            )
            assert fault is not Fault.VANISH
        assert on_reader.attempts <= 1


def test_a_relay_is_not_detected() -> None:
    """What is not promised: a chip far away, reached over a network, proves itself like one on the reader."""
    assert name_of(Between(chip(), lambda _at, _command, answer: answer)) == "read"


@pytest.mark.parametrize("command", ["00b0000010", "00b0810010", "0084000008", "00880000080000000000000000"])
def test_the_simulated_chip_keeps_its_files(command: str) -> None:
    """The simulator's law: nothing without access, and nothing in the clear after it."""
    closed = chip()
    closed.transmit(bytes.fromhex("00a4040c07a0000002471001"))
    assert closed.transmit(bytes.fromhex("00a4020c020101"))[-2:] == b"\x69\x82"
    assert closed.transmit(bytes.fromhex("00b0000010"))[-2:] == b"\x69\x82"
    opened = chip()
    read(opened)
    assert opened.transmit(bytes.fromhex(command)) == b"\x69\x82"
    assert opened.transmit(bytes.fromhex("0cb000000d9701048e08ed6705417e96ba5500"))[-2:] != b"\x90\x00"


def test_the_simulated_chip_ends_its_session() -> None:
    """One wrong MAC, and the session is over: the next command is not answered under it."""
    on_reader = chip()

    class Garbling:
        """Sends one protected command with a wrong MAC."""

        sent = 0

        def transmit(self, command: bytes) -> bytes:
            self.sent += 1
            if self.sent == 8:
                command = command[:-2] + bytes([command[-2] ^ 1]) + command[-1:]
            return on_reader.transmit(command)

    with pytest.raises(DonguiError) as failure:
        read(Garbling())
    assert failure.value.name == "chip.session-lost"
    assert on_reader.transmit(bytes.fromhex("00a4020c020101"))[-2:] != b"\x90\x00"


def test_a_secret_of_somebody_else_never_falls_through() -> None:
    """Card access number wrong, zone right: the chip is asked for the one it was given, once."""
    on_reader = chip(PACE, can=b"834621")
    access = AccessSecret(mrz=SECRET.mrz, can=b"834622")
    with pytest.raises(DonguiError) as failure:
        read(on_reader, access)
    assert failure.value.name == "chip.access-denied"
    assert on_reader.attempts == 1
