"""The real card service between us and a simulated chip: whole passports, and everything that goes wrong."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from dongui.documents.authenticated import HolderBinding
from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.reading import Access
from dongui.documents.passport.files import COM, SOD
from dongui.documents.passport.packing import unpack_passport
from dongui.errors import DonguiError
from dongui.readers.passport_chip import PassportReading, list_readers, read_passport
from simulators.chip_documents import SECRET, Wishes, chip, specimen_chip
from simulators.passport_chip import Fault, PassportChip
from simulators.passport_country import judge, utopia
from simulators.virtual_reader import VirtualReader, require_services, virtual_reader

PACE = Wishes(pace=((2, 13),), active="ecdsa")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualReader]:
    """One card service for all tests here."""
    require_services()
    with virtual_reader(tmp_path_factory.mktemp("pcsc")) as running:
        os.environ["PCSCLITE_CSOCK_NAME"] = running.socket_name
        yield running
        del os.environ["PCSCLITE_CSOCK_NAME"]


def read(access: AccessSecret = SECRET, *, wait: float = 15, answer_limit: float = 15) -> PassportReading:
    return read_passport(
        "Simulated reader",
        access,
        progress=lambda *_: None,
        wait=timedelta(seconds=wait),
        answer_limit=timedelta(seconds=answer_limit),
    )


def failure_of(*, wait: float = 15, answer_limit: float = 15) -> DonguiError:
    with pytest.raises(DonguiError) as failure:
        read(wait=wait, answer_limit=answer_limit)
    return failure.value


@pytest.mark.parametrize("longest", [256, 2_048], ids=["short", "extended"])
@pytest.mark.parametrize("wishes", [Wishes(), PACE], ids=["bac", "pace"])
def test_a_whole_passport(reader: VirtualReader, wishes: Wishes, longest: int) -> None:
    """Every byte through pcscd and back, the chip proved, the document authenticated with it."""
    on_reader = chip(wishes, longest=longest)
    with reader.holding(on_reader):
        reading = read()
    files = unpack_passport(bytes(reading.document.view))
    found = {**files.groups, COM: files.com, SOD: files.security_object}
    assert found == on_reader.files
    assert reading.access is (Access.PACE if wishes.pace else Access.BAC)
    document = judge(dict(on_reader.files), utopia().anchors, chip=reading.evidence)
    assert document.holder_binding is HolderBinding.GENUINE_CHIP


def test_the_readers_by_name(reader: VirtualReader) -> None:
    """The driver opens two; both are listed, and a name that fits neither is said to."""
    assert [name.startswith("Simulated reader") for name in list_readers()] == [True, True]
    with pytest.raises(DonguiError) as failure:
        read_passport("Other", SECRET, progress=lambda *_: None)
    assert failure.value.name == "chip.reader-unknown"


def test_a_copied_specimen(reader: VirtualReader) -> None:
    """The published specimen's files on a chip without its keys: opened, read, and found out."""
    access = AccessSecret.from_fields("C11T002JM", "960812", "131031")
    with reader.holding(specimen_chip()), pytest.raises(DonguiError) as failure:
        read(access)
    assert failure.value.name == "chip.authentication-failed"


def test_no_card_comes(reader: VirtualReader) -> None:
    """It is said after the time given."""
    reader.see_empty()
    assert failure_of(wait=0.5).name == "chip.no-card"


def test_a_card_that_comes_late(reader: VirtualReader) -> None:
    """The reader waits for it."""
    with reader.holding(chip(), delay=0.8):
        assert read(wait=20).evidence is not None


def test_a_wrong_zone(reader: VirtualReader) -> None:
    """The same name as without a card service, after one attempt."""
    on_reader = chip()
    with reader.holding(on_reader), pytest.raises(DonguiError) as failure:
        read(AccessSecret.from_fields("L898902C4", "740812", "320415"))
    assert failure.value.name == "chip.access-denied"
    assert on_reader.attempts == 1


@pytest.mark.parametrize("command", [0, 3, 6, 10, 20, 30])
def test_a_chip_that_vanishes(reader: VirtualReader, command: int) -> None:
    """Taken away in the middle, by name, and the next passport is read as if nothing had been."""
    on_reader = chip()
    on_reader.faults = {command: Fault.VANISH}
    with reader.holding(on_reader):
        assert failure_of().name in ("chip.vanished", "chip.reader-trouble")


def test_a_chip_that_never_answers(reader: VirtualReader) -> None:
    """No driver's patience is ours: the reading ends after the time given, and the process with it."""
    given_up = threading.Event()

    class Stuck(PassportChip):
        def transmit(self, command: bytes) -> bytes:
            if self.commands == 8:
                given_up.wait(60)
            return super().transmit(command)

    sound = chip()
    stuck = Stuck(sound.files, sound.secret, keys=sound.keys)
    with reader.holding(stuck):
        failure = failure_of(answer_limit=1)
        given_up.set()
    assert failure.name == "chip.timeout"


def test_no_card_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card service that does not run is trouble of its own."""
    require_services()
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm")
    assert failure_of(wait=1).name == "chip.no-service"
