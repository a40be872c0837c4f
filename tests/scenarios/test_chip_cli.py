"""``dongui chip`` at the terminal, with the real card service and a simulated chip behind it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from dongui.cli.holder_proof import HolderProof
from dongui.cli.main import run
from dongui.documents.passport.issuing import write_mrz
from dongui.environment import SystemClock
from dongui.errors import Refused
from simulators.chip_documents import Wishes, chip
from simulators.passport_chip import PassportChip
from simulators.passport_country import utopia
from simulators.passport_files import holder
from simulators.virtual_reader import VirtualReader, require_services, virtual_reader

FIELDS = ("--document-number", "L898902C3", "--birth", "740812", "--expiry", "320415")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualReader]:
    """One card service for all tests here."""
    require_services()
    with virtual_reader(tmp_path_factory.mktemp("pcsc")) as running:
        os.environ["PCSCLITE_CSOCK_NAME"] = running.socket_name
        yield running
        del os.environ["PCSCLITE_CSOCK_NAME"]


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    """A trust folder with Utopia's authority."""
    folder = tmp_path / "trust" / "csca"
    folder.mkdir(parents=True)
    (folder / "utopia.cer").write_bytes(utopia().authority.encoded)
    return folder.parent


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def result(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.output)["result"]
        return found


def dongui(*arguments: str | Path) -> Ended:
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors), pytest.raises(SystemExit) as ended:
        run([str(argument) for argument in arguments])
    return Ended(int(ended.value.code or 0), output.getvalue(), errors.getvalue())


def check(trust: Path, *options: str | Path) -> Ended:
    return dongui("chip", "check", "--reader", "Simulated", "--trust", trust, "--json", *options)


def test_a_genuine_passport(reader: VirtualReader, trust: Path, tmp_path: Path) -> None:
    """Authentic and no copy, said without a word about the person, in tables and in JSON."""
    zone = tmp_path / "zone.txt"
    zone.write_text(write_mrz(holder()) + "\n")
    with reader.holding(chip(Wishes(pace=((2, 13),)))):
        found = check(trust, "--mrz", zone)
    assert found.code == 0, found.errors
    assert found.result["holder_binding"] == "genuine-chip"
    assert (found.result["access"], found.result["proof"]) == ("pace", "chip-authentication")
    with reader.holding(chip(Wishes(chip_authentication=None))):
        drawn = dongui("chip", "check", "--reader", "any", "--trust", trust, *FIELDS)
    assert drawn.code == 0
    assert "copyable" in drawn.output
    for word in ("Eriksson", "ERIKSSON", "L898902C3"):
        assert word not in found.output + drawn.output + drawn.errors


def test_a_copy(reader: VirtualReader, trust: Path) -> None:
    """Refused by name, with the way out."""
    sound = chip()
    with reader.holding(PassportChip(sound.files, sound.secret)):
        found = check(trust, *FIELDS)
    assert found.code == 1
    assert "chip.authentication-failed" in found.output + found.errors


def test_the_same_chip_as_a_document(reader: VirtualReader, trust: Path) -> None:
    """In place of a file: judged as any document, proved by the reader; without trust only shown."""
    options = ("--reader", "any", *FIELDS, "--json")
    with reader.holding(chip(Wishes(pace=((2, 13),)))):
        checked = dongui("document", "check", "--trust", trust, *options)
        shown = dongui("document", "show", "--trust", trust, *options)
        claimed = dongui("document", "show", *options)
    assert (checked.code, shown.code, claimed.code) == (0, 0, 0), checked.output + checked.errors
    for found in (checked, shown):
        assert (found.result["kind"], found.result["holder_binding"]) == ("passport", "genuine-chip")
    assert json.loads(claimed.output)["outcome"] == "not-judged"
    nothing = dongui("document", "check", "--trust", trust, "--json")
    both = dongui("document", "check", trust, "--trust", trust, *options)
    for refused in (nothing, both):
        assert (refused.code, "document.options-incomplete" in refused.output) == (2, True)


def test_the_same_chip_asks_in_its_holders_name(reader: VirtualReader, trust: Path, tmp_path: Path) -> None:
    """A request for rights takes the genuine chip; one that cannot prove itself could be anybody's copy."""
    zone = tmp_path / "zone.txt"
    zone.write_text(write_mrz(holder()) + "\n")
    asking = HolderProof(None, trust, None, None, None, None, "any", zone)
    with reader.holding(chip(Wishes(pace=((2, 13),)))):
        subject, presented = asking.subject(clock=SystemClock())
    assert b"L898902C3" in subject
    assert len(presented) == 32
    with reader.holding(chip(Wishes(chip_authentication=None))), pytest.raises(Refused) as caught:
        asking.subject(clock=SystemClock())
    assert caught.value.name == "document.copyable"


def test_the_readers(reader: VirtualReader) -> None:
    """By the names that --reader takes."""
    found = dongui("chip", "readers", "--json")
    names = found.result["readers"]
    assert isinstance(names, list)
    assert all(str(name).startswith("Simulated reader") for name in names)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ((), "document.options-incomplete"),
        (("--can", "123456", *FIELDS), "document.options-incomplete"),
        (("--document-number", "L898902C3"), "document.options-incomplete"),
        (("--can", "12345"), "chip.access-fields"),
        (
            ("--document-number", "L898902C3", "--birth", "12.8.74", "--expiry", "320415"),
            "chip.access-fields",
        ),
        (("--mrz", "nowhere.txt"), "file.not-found"),
    ],
)
def test_wrong_options(trust: Path, options: tuple[str, ...], name: str) -> None:
    """Named before any reader is asked for."""
    found = check(trust, *options)
    assert found.code == 2
    assert name in found.output + found.errors


def test_a_zone_that_does_not_add_up(trust: Path, tmp_path: Path) -> None:
    """A misread letter is found by its check digit, not by the chip's refusal."""
    zone = tmp_path / "zone.txt"
    zone.write_text(write_mrz(holder()).replace("L898902C3", "L898902O3"))
    found = check(trust, "--mrz", zone)
    assert found.code == 1
    assert "passport.mrz-number-check" in found.output + found.errors
