"""Reading whole passports off simulated chips: whatever they offer, every file is as it was put on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dongui.documents.authenticated import HolderBinding
from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.apdu import Command, Response
from dongui.documents.passport.chip.key_agreement import STANDARD_CURVES
from dongui.documents.passport.chip.reading import Access, open_chip
from dongui.documents.passport.chip_evidence import ChipProof
from dongui.documents.passport.files import COM, SOD, file_identifier
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import DonguiError, Misuse, Trouble, Undetermined
from simulators.chip_documents import SECRET, Wishes, chip, read, specimen_chip
from simulators.passport_chip import PassportChip
from simulators.passport_country import NOW, judge, utopia
from simulators.passport_files import specimen

READ = (COM, SOD, 1, 2, 14, 15)
OFFERS = {
    "bac, chip authentication aes": (Wishes(), Access.BAC, ChipProof.CHIP_AUTHENTICATION),
    "bac, chip authentication 3des": (
        Wishes(chip_authentication=1), Access.BAC, ChipProof.CHIP_AUTHENTICATION
    ),
    "bac, active rsa 1024": (
        Wishes(chip_authentication=None, active="rsa-1024"), Access.BAC, ChipProof.ACTIVE_AUTHENTICATION
    ),
    "bac, active ecdsa": (
        Wishes(chip_authentication=None, active="ecdsa"), Access.BAC, ChipProof.ACTIVE_AUTHENTICATION
    ),
    "bac, both": (Wishes(active="ecdsa"), Access.BAC, ChipProof.CHIP_AUTHENTICATION),
    "bac, nothing to prove with": (Wishes(chip_authentication=None), Access.BAC, None),
    "pace aes 128": (Wishes(pace=((2, 12),)), Access.PACE, ChipProof.CHIP_AUTHENTICATION),
    "pace aes 192, key by number": (
        Wishes(pace=((3, 16),), chip_authentication=3, curve="brainpoolP384r1", key_id=2),
        Access.PACE,
        ChipProof.CHIP_AUTHENTICATION,
    ),
    "pace aes 256": (
        Wishes(pace=((4, 18),), chip_authentication=4, curve="secp521r1"),
        Access.PACE,
        ChipProof.CHIP_AUTHENTICATION,
    ),
    "pace 3des only": (Wishes(pace=((1, 13),)), Access.PACE, ChipProof.CHIP_AUTHENTICATION),
    "pace on two curves": (Wishes(pace=((2, 12), (2, 13))), Access.PACE, ChipProof.CHIP_AUTHENTICATION),
    "another mapping": (Wishes(pace=((2, 2),)), Access.BAC, ChipProof.CHIP_AUTHENTICATION),
}  # fmt: skip


@pytest.mark.parametrize("longest", [256, 1024], ids=["short", "extended"])
@pytest.mark.parametrize("offer", OFFERS)
def test_every_offer(offer: str, longest: int) -> None:
    """The strongest access and proof there are; the files as they were signed; bound as the proof says."""
    wishes, access, proof = OFFERS[offer]
    on_reader = chip(wishes, longest=longest)
    reading = read(on_reader)
    assert reading.access is access
    assert (None if reading.evidence is None else reading.evidence.proof) is proof
    assert reading.commands == on_reader.commands
    assert on_reader.attempts == 1
    said = {**reading.files.groups, COM: reading.files.com, SOD: reading.files.security_object}
    assert said == on_reader.files
    document = judge(dict(on_reader.files), utopia().anchors, chip=reading.evidence)
    expected = HolderBinding.COPYABLE if proof is None else HolderBinding.GENUINE_CHIP
    assert document.holder_binding is expected


def test_active_authentication_with_2048_bits() -> None:
    """A signature no short answer holds is asked for at length."""
    reading = read(chip(Wishes(chip_authentication=None, active="rsa-2048"), longest=1024))
    assert reading.evidence is not None
    assert reading.evidence.proof is ChipProof.ACTIVE_AUTHENTICATION


@pytest.mark.parametrize("number", sorted(set(STANDARD_CURVES)))
def test_pace_on_every_curve(number: int) -> None:
    """All standardised curves, those included that the cryptographic library lacks."""
    reading = read(chip(Wishes(pace=((2, number),), chip_authentication=None)))
    assert reading.access is Access.PACE


def test_the_strongest_of_several() -> None:
    """Triple DES is spoken where nothing else is offered."""
    on_reader = chip(Wishes(pace=((1, 12), (4, 12), (2, 12)), chip_authentication=None))
    opened = open_chip(on_reader, SECRET, entropy=SystemEntropy(), clock=NOW, limit=timedelta(seconds=9))
    assert opened.channel.protection is not None
    assert opened.channel.protection.suite == "aes-256"


def test_a_card_access_number() -> None:
    """It opens by PACE; a chip without PACE is not asked at all."""
    access = AccessSecret.from_can("834621")
    assert read(chip(Wishes(pace=((2, 13),)), can=b"834621"), access).access is Access.PACE
    without = chip(can=b"834621")
    with pytest.raises(Misuse) as failure:
        read(without, access)
    assert failure.value.name == "chip.access-zone-needed"
    assert without.attempts == 0


@pytest.mark.parametrize("longest", [256, 1024], ids=["short", "extended"])
def test_a_portrait_beyond_what_an_offset_reaches(longest: int) -> None:
    """Files longer than 32,767 bytes are read with the odd instruction."""
    on_reader = chip(Wishes(portrait_bytes=40_000), longest=longest)
    assert read(on_reader).files.group(2) == on_reader.files[2]


def test_the_specimen_is_read_whole() -> None:
    """Every file of the published specimen comes off a simulated chip as it was put on."""
    on_reader, published = specimen_chip(), specimen()
    access = AccessSecret.from_fields("C11T002JM", "960812", "131031")
    opened = open_chip(on_reader, access, entropy=SystemEntropy(), clock=NOW, limit=timedelta(seconds=30))
    found = {number: opened.read_file(number, progress=lambda _label, _done, _total: None) for number in READ}
    assert found == {**published.groups, COM: published.com, SOD: published.security_object}


def test_nothing_else_is_asked_for() -> None:
    """Only the six files and the two in the clear; of fingerprints not even whether they are there."""
    on_reader = chip(Wishes(active="ecdsa"))
    read(on_reader)
    allowed = {file_identifier(number) for number in READ} | {0x011C, 0x2F01}
    assert set(on_reader.seen) <= allowed
    opened = open_chip(chip(), SECRET, entropy=SystemEntropy(), clock=NOW, limit=timedelta(seconds=9))
    for number in (3, 4, 11):
        with pytest.raises(ValueError, match="not read"):
            opened.read_file(number, progress=lambda _label, _done, _total: None)


@pytest.mark.parametrize("wishes", [Wishes(), Wishes(pace=((2, 12),))], ids=["bac", "pace"])
@pytest.mark.parametrize(
    "access",
    [
        AccessSecret.from_fields("L898902C4", "740812", "320415"),
        AccessSecret.from_fields("L898902C3", "740813", "320415"),
        AccessSecret.from_fields("L898902C3", "740812", "330415"),
    ],
    ids=["number", "birth", "expiry"],
)
def test_a_wrong_zone_is_tried_once(wishes: Wishes, access: AccessSecret) -> None:
    """One attempt, one clear name that says which fields to look at, and none of their values."""
    on_reader = chip(wishes)
    with pytest.raises(Undetermined) as failure:
        read(on_reader, access)
    assert failure.value.name == "chip.access-denied"
    assert on_reader.attempts == 1
    assert "document number, birth and expiry" in failure.value.detail
    for value in ("L898902C", "740812", "320415"):
        assert value not in str(failure.value)


def test_a_card_that_is_no_passport() -> None:
    """It has no passport application, and that is what is said."""
    assert name_of(PassportChip({}, SECRET)) == "chip.not-a-passport"


def test_a_chip_that_opens_in_no_way_known() -> None:
    """Neither basic access control nor a mapping that is spoken."""
    on_reader = chip(Wishes(pace=((2, 2),)))
    on_reader.bac = False
    assert name_of(on_reader) == "chip.access-unsupported"


def test_a_chip_that_takes_its_time() -> None:
    """Each answer may come in time and the whole still take too long: then it ends, by name."""

    class Slow:
        """A clock on which every look takes a second."""

        moment: datetime = NOW.now()

        def now(self) -> datetime:
            self.moment += timedelta(seconds=1)
            return self.moment

    with pytest.raises(Trouble) as failure:
        read(chip(), clock=Slow(), limit=timedelta(seconds=12))
    assert failure.value.name == "chip.timeout"


@pytest.mark.parametrize(
    ("number", "birth", "expiry"),
    [("", "740812", "320415"), ("L898902C3", "7408", "320415"), ("L898902C3", "740812", "12.4.32")],
)
def test_fields_of_another_form(number: str, birth: str, expiry: str) -> None:
    """They never reach a chip."""
    with pytest.raises(Misuse) as failure:
        AccessSecret.from_fields(number, birth, expiry)
    assert failure.value.name == "chip.access-fields"
    with pytest.raises(Misuse):
        AccessSecret.from_can("12345")


def test_a_secret_shows_nothing() -> None:
    """Not in a traceback, not in a log."""
    assert repr(SECRET) == "AccessSecret()"
    assert "L898902C" not in repr(Command(0, 0x82, 0, 0, data=b"L898902C"))
    assert "L898902C" not in repr(Response(b"L898902C", 0x9000))


def test_without_a_zone_there_are_no_keys() -> None:
    """A card access number derives no keys of basic access control."""
    with pytest.raises(ValueError, match="no zone"):
        AccessSecret.from_can("123456").bac_keys()
    with pytest.raises(ValueError, match="neither"):
        AccessSecret()


def test_lengths_of_commands() -> None:
    """ISO/IEC 7816-4, 5.1: the four short cases and the extended ones."""
    assert Command(0, 0xB0, 0, 0).encode().hex() == "00b00000"
    assert Command(0, 0xB0, 0, 0, expected=256).encode().hex() == "00b0000000"
    assert Command(0, 0xB0, 0, 0, expected=257).encode().hex() == "00b00000000101"
    assert Command(0, 0xD6, 0, 0, data=b"a").encode().hex() == "00d600000161"
    assert Command(0, 0xD6, 0, 0, data=b"a", expected=0x10000).encode().hex() == "00d60000000001610000"
    with pytest.raises(ValueError, match="65535"):
        Command(0, 0xD6, 0, 0, data=bytes(0x10000)).encode()


def name_of(on_reader: PassportChip) -> str:
    with pytest.raises(DonguiError) as failure:
        read(on_reader, clock=FixedClock(NOW.now()))
    return failure.value.name
