"""Everybody's copy of their key, in bulk: each once, readable, private, resumable, and nowhere else."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from dongui.cli.main import run
from dongui.cli.membership_inputs import open_keys
from dongui.custody.key_letter import draw_page
from dongui.custody.person_keys import PersonKey, Secret
from dongui.environment import SystemEntropy
from simulators.command_line import Terminal
from simulators.withdrawal_office import WithdrawalOffice, name_of

PEOPLE = 30


@pytest.fixture
def office(tmp_path: Path) -> WithdrawalOffice:
    """A desk whose ledger has heard of thirty people, and knows one more who never said anything."""
    terminal = Terminal(tmp_path)
    terminal.processes = False
    office = WithdrawalOffice(terminal, PEOPLE)
    office.found()
    office.done("custody", "register", *map(name_of, range(PEOPLE + 1)))
    office.consent(range(PEOPLE), "laboratory.example", "image")
    return office


def give(office: WithdrawalOffice, *more: object) -> dict[str, object]:
    result: dict[str, object] = office.done("rights", "give-keys", "--out", "copies", *more, "--json").result
    return result


def files(office: WithdrawalOffice) -> list[Path]:
    return sorted(path for path in (office.terminal.folder / "copies").rglob("*") if path.is_file())


def test_everybody_gets_one_copy_that_speaks_for_them(office: WithdrawalOffice) -> None:
    """One private file a person, each the key that is kept and logged; whoever never spoke gets none."""
    assert give(office, "--form", "text") == {"written": PEOPLE, "had_one": 0, "folder": "copies"}
    assert [path.stem for path in files(office)] == [name_of(number) for number in range(PEOPLE)]
    with office.desk() as desk, open_keys(desk) as keys:
        for path in files(office):
            key = PersonKey.parse(path.read_text())
            assert key == keys.key_of(bytes.fromhex(path.stem))
            assert desk.log.entry(key.index) == key.secret.entry()
            assert keys.handed(bytes.fromhex(path.stem)) is not None
    assert all(path.stat().st_mode & 0o077 == 0 for path in files(office))
    asked = office.done("rights", "was-my-face-used", "--key", files(office)[3], "--json").result
    assert asked["in"] == 0


def test_given_again_nobody_gets_two_and_nothing_is_written_over(office: WithdrawalOffice) -> None:
    """Who had one is passed over, in another folder too; asked for, it is written anew, the same key."""
    give(office, "--form", "text")
    before = {path: path.read_bytes() for path in files(office)}
    assert give(office, "--form", "text") == {"written": 0, "had_one": PEOPLE, "folder": "copies"}
    files(office)[0].write_bytes(b"not to be touched")
    assert give(office, "--form", "text", "--again")["written"] == 0
    assert files(office)[0].read_bytes() == b"not to be touched"
    anew = office.done("rights", "give-keys", "--out", "anew", "--form", "text", "--again", "--json").result
    assert anew["written"] == PEOPLE
    path, content = max(before.items())
    (found,) = (office.terminal.folder / "anew").rglob(path.name)
    assert found.read_bytes() == content


def test_a_list_names_whose_and_a_stranger_in_it_is_named(office: WithdrawalOffice) -> None:
    """Only those of the list, also who never said anything; an unknown id is misuse."""
    folder = office.terminal.folder
    (folder / "list.csv").write_text(f"person\n{name_of(2)}\n{name_of(PEOPLE)}\n")
    assert give(office, "--file", "list.csv", "--form", "code")["written"] == 2
    assert [path.name for path in files(office)] == [f"{name_of(one)}.png" for one in (2, PEOPLE)]
    (read,) = zxingcpp.read_barcodes(Image.open(files(office)[0]))
    with office.desk() as desk, open_keys(desk) as keys:
        assert PersonKey.parse(read.text) == keys.key_of(bytes.fromhex(name_of(2)))
    (folder / "list.csv").write_text(f"person\n{'f' * 32}\n")
    unknown = office.terminal.run("rights", "give-keys", "--out", "copies", "--file", "list.csv", "--json")
    assert unknown.failure == "snapshot.unknown-person"


def test_a_letter_is_a_page_whose_code_and_text_are_the_key(office: WithdrawalOffice) -> None:
    """What is printed can be scanned; the file is a PDF."""
    assert give(office, "--file", one_of_list(office))["written"] == 1
    (letter,) = files(office)
    assert letter.read_bytes().startswith(b"%PDF-")
    key = PersonKey(Secret.draw(SystemEntropy()), "port.example/log", 4_294_967_295)
    page = draw_page(key, sender="항만 / Port <privacy@port.example>")
    (read,) = zxingcpp.read_barcodes(page.convert("L"))
    assert PersonKey.parse(read.text) == key


def one_of_list(office: WithdrawalOffice) -> str:
    (office.terminal.folder / "list.csv").write_text(f"person\n{name_of(5)}\n")
    return "list.csv"


def test_a_key_typed_in_lines_is_read(office: WithdrawalOffice) -> None:
    """As it stands in a letter: broken into lines, with blanks."""
    give(office, "--form", "text")
    text = files(office)[0].read_text().strip()
    broken = "\n".join(f" {text[begin : begin + 48]}" for begin in range(0, len(text), 48))
    (office.terminal.folder / "typed.key").write_text(broken)
    assert office.done("rights", "was-my-face-used", "--key", "typed.key").code == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a process with threads forks; the child only dies
def test_killed_anywhere_everybody_has_exactly_one(office: WithdrawalOffice) -> None:
    """Whatever the instant: no half file, no second key, no second entry; the next run writes the rest."""
    desk = str(office.terminal.desk)
    for delay in range(8):
        child = os.fork()
        if child == 0:  # pragma: no cover
            os.chdir(office.terminal.folder)
            try:
                run(["rights", "give-keys", "--desk", desk, "--out", "copies", "--form", "text"])
            finally:
                os._exit(0)
        time.sleep(0.01 + 0.015 * delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert all(PersonKey.parse(path.read_text()) for path in files(office) if path.suffix == ".key")
    (office.terminal.folder / "copies" / "0000000").mkdir(parents=True, exist_ok=True)
    stale = office.terminal.folder / "copies" / "0000000" / f".{name_of(1)}.key.{'0' * 16}"
    stale.write_text("what a kill leaves")
    give(office, "--form", "text")
    assert [path.name for path in files(office)] == [f"{name_of(number)}.key" for number in range(PEOPLE)]
    with closing(sqlite3.connect(office.terminal.desk / "custody" / "person-keys.sqlite")) as kept:
        counts = [
            kept.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("person_key", "handed")
        ]
    assert counts == [PEOPLE, PEOPLE]
    shown = office.done("log", "check", "--json").result
    assert shown["size"] == 2 * PEOPLE
