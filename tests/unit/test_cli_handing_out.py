"""What is a person's reaches them: in the file that was named, else on the screen, whole."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import struct
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from dongui.cli.handing_out import Theirs, hand_out, readable_json, show_at_hand
from dongui.cli.output import Language, Settings, use
from dongui.cli.writing import naming
from dongui.errors import Trouble
from dongui.receipts.bundle import ReceiptBundle

RECEIPT = (Path(__file__).parent.parent / "fixtures/0.1.0/receipt").read_bytes()
DARK = "█"


def theirs(file: Path | None) -> Theirs:
    """A receipt, with the file named for it."""
    bundle = ReceiptBundle.read(RECEIPT)
    return Theirs("The receipt", file, RECEIPT, bundle.to_text(), private=True, bundle=bundle)


def screen(columns: int, thing: Theirs, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of so many columns is sent, whatever a command before this asked for."""
    use(Settings(json=False, language=Language.EN, debug=False))
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    # A terminal holds less than a code: it is read while it is written.
    with ThreadPoolExecutor(1) as reader:
        sent = reader.submit(read_all, master)
        with os.fdopen(slave, "w", encoding="utf-8") as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            show_at_hand([thing])
            monkeypatch.undo()
        return sent.result().decode().replace("\r\n", "\n")


def read_all(master: int) -> bytes:
    """Read a terminal until its other end is closed, which the kernel tells as an error."""
    sent = b""
    with os.fdopen(master, "rb", buffering=0) as stream, suppress(OSError):
        while piece := stream.read(1 << 16):
            sent += piece
    return sent


@pytest.mark.parametrize(("columns", "drawn"), [(101, True), (100, False)])
def test_the_code_is_drawn_where_it_fits_and_its_text_is_never_folded(
    columns: int, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of this receipt is 101 columns wide, and folded would be none. The text is one line always."""
    shown = screen(columns, theirs(None), monkeypatch)
    assert (DARK in shown) is drawn
    assert theirs(None).text in shown.splitlines()


def test_what_a_file_holds_is_not_shown(tmp_path: Path) -> None:
    """A named file is written, and nothing is at hand then; one that cannot be leaves all of it at hand."""
    named, taken = tmp_path / "receipt", tmp_path / "taken"
    taken.touch()
    left, unwritten = hand_out([theirs(named), theirs(None)])
    assert (named.read_bytes(), [one.file for one in left], unwritten) == (RECEIPT, [None], None)
    left, unwritten = hand_out([theirs(tmp_path / "first"), theirs(taken)])
    assert [one.file for one in left] == [tmp_path / "first", taken]
    assert unwritten is not None
    assert unwritten.failure.name == "file.exists"
    assert not (tmp_path / "first").exists()


def test_no_room_is_said_of_what_found_none_alone(tmp_path: Path) -> None:
    """A folder that is made step by step keeps what was made: nobody is told that nothing was written."""

    def two_steps() -> None:
        with naming(tmp_path):
            (tmp_path / "first").write_text("a step", encoding="utf-8")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Trouble) as caught:
        two_steps()
    assert caught.value.name == "file.no-room"
    assert (tmp_path / "first").exists()
    said = caught.value.failure
    assert "othing was written" not in said.meaning + said.next_step
    assert "아무것도" not in said.meaning_ko + said.next_step_ko


def test_attack_a_copy_on_the_screen_moves_no_cursor() -> None:
    """A purpose's own words could hold an escape sequence; the copy says the same without the character."""
    content = {"name": "\x1b[2J가\u202e\U000e0001\n"}
    shown = readable_json(content)
    assert json.loads(shown) == content
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "가" in shown
