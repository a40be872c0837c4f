"""From the reader to the receipt: a passport's chip read while its holder stands before the camera."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dongui.demo.cast import portrait
from dongui.documents.passport.files import COM, SOD, file_label
from simulators.chip_documents import Wishes, chip
from simulators.command_line import PERSON, Terminal, Visit
from simulators.passport_chip import PassportChip
from simulators.passport_country import utopia
from simulators.virtual_reader import VirtualReader, require_services, virtual_reader

FIELDS = ("--document-number", "L898902C3", "--birth", "740812", "--expiry", "320415")
WISHES = Wishes(pace=((2, 13),), portrait=portrait(PERSON))


@dataclass(frozen=True)
class Hall:
    """A desk, a reader, and a consent given with the passport's files."""

    terminal: Terminal
    reader: VirtualReader

    def verify(self, visit: Visit, *more: object) -> tuple[int, str]:
        ended = self.terminal.run(
            *("verify", "--reader", "any", *FIELDS, "--session", visit.session),
            *("--capture", *visit.frames, "--trust", "trust", "--accept-unassessed", *more),
        )
        return ended.code, ended.out + ended.err


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Everything made once."""
    require_services()
    terminal = Terminal(tmp_path_factory.mktemp("hall"))
    terminal.processes = False
    terminal.prepare()
    country = terminal.folder / "trust" / "csca"
    country.mkdir(parents=True)
    (country / "utopia.cer").write_bytes(utopia().authority.encoded)
    files = terminal.folder / "files"
    files.mkdir()
    for number, content in chip(WISHES).files.items():
        (files / f"{file_label(number)}.bin").write_bytes(content)
    assert {COM, SOD} <= chip(WISHES).files.keys()
    given = terminal.run(
        *("consent", "give", "--purpose", "airport-gate", "--notice", "en", "--trust", "trust"),
        *("--document", "files", "--json"),
    )
    assert given.code == 0, given.out
    terminal.record = given.result["record"]
    with virtual_reader(tmp_path_factory.mktemp("pcsc")) as running:
        os.environ["PCSCLITE_CSOCK_NAME"] = running.socket_name
        yield Hall(terminal, running)
        del os.environ["PCSCLITE_CSOCK_NAME"]


def test_a_genuine_passport_and_its_holder(hall: Hall) -> None:
    """Read, proved, compared: verified, with a receipt; and the zone is nowhere in what was said."""
    visit = hall.terminal.visit("genuine")
    with hall.reader.holding(chip(WISHES)):
        code, said = hall.verify(visit, "--receipt", "receipt.cose")
    assert code == 0, said
    assert Path(hall.terminal.folder, "receipt.cose").stat().st_size > 0
    assert "L898902C3" not in said


def test_a_copied_passport(hall: Hall) -> None:
    """Refused before anybody is compared; the session is not spent on it."""
    visit = hall.terminal.visit("copied", take=1)
    sound = chip(WISHES)
    with hall.reader.holding(PassportChip(sound.files, sound.secret, pace=sound.pace)):
        code, said = hall.verify(visit)
    assert code == 1
    assert "chip.authentication-failed" in said
    assert hall.terminal.session_is_open(visit)


def test_a_reader_and_a_file(hall: Hall) -> None:
    """One or the other, and nothing to open a chip with where none is read."""
    visit = hall.terminal.visit("both", take=2)
    assert "document.options-incomplete" in hall.verify(visit, "files")[1]
    ended = hall.terminal.run(
        *("verify", "files", "--can", "123456", "--session", visit.session, "--capture", *visit.frames),
        *("--trust", "trust", "--accept-unassessed"),
    )
    assert (ended.code, "document.options-incomplete" in ended.out + ended.err) == (2, True)
