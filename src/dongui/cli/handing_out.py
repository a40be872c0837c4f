"""What is a person's alone, into the files named for it; without one onto the screen, whole.

A receipt, its salts, the copy of a consent: the desk keeps none of them. Whatever no file holds in the end,
because none was named or none could be written, is shown so that it can be copied from where it stands.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dongui.cli.output import FailureNotice, JsonValue, choose, describe, settings, writing
from dongui.cli.writing import NewFile, write_together
from dongui.errors import Misuse, Trouble
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.qr import make_code

__all__ = [
    "Theirs",
    "hand_out",
    "readable_json",
    "show_at_hand",
    "tell_unwritten",
    "unwritten_rows",
]


@dataclass(frozen=True, slots=True)
class Theirs:
    """One thing that is the person's: what it is, the file named for it, and its form for the screen.

    ``data`` goes to the file, readable by its owner alone if ``private``; ``text`` says the same. A
    ``bundle`` is drawn as a code below it, where a terminal is wide enough for one.
    """

    name: str
    file: Path | None
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    private: bool
    bundle: ReceiptBundle | None = None


def hand_out(things: Sequence[Theirs]) -> tuple[list[Theirs], FailureNotice | None]:
    """Write what has a file. Return what no file holds now, and why, where a file was named for it.

    What was done for the person stands, whatever becomes of a file: so nothing is raised.
    """
    files = [NewFile(one.file, one.data, private=one.private) for one in things if one.file is not None]
    try:
        write_together(files)
    except (Misuse, Trouble) as failure:
        return list(things), FailureNotice.of(failure)
    return [one for one in things if one.file is None], None


def tell_unwritten(unwritten: FailureNotice) -> dict[str, JsonValue]:
    """Return the failure with what is true here: in its own words nothing was done, and is to be repeated."""
    return describe(unwritten) | {
        "meaning": choose(
            "What was asked for is done and stands; only this file could not be written.",
            "요청한 일은 끝났고 그대로 유효합니다. 이 파일만 쓰지 못했습니다.",
        ),
        "next_step": choose(
            "Do not repeat the command: copy what stands here to another place, for the person.",
            "명령을 다시 실행하지 마시고, 여기 보이는 내용을 다른 곳에 옮겨 본인에게 전달하십시오.",
        ),
    }


def unwritten_rows(unwritten: FailureNotice) -> list[tuple[str, str]]:
    """Return the same as rows of a name and a value."""
    told = tell_unwritten(unwritten)
    return [
        (choose("NOT WRITTEN", "저장되지 않음"), f"{told['name']}: {told['detail']}"),
        ("", f"{told['meaning']} {told['next_step']}"),
    ]


def show_at_hand(things: Sequence[Theirs]) -> None:
    """Write what no file holds to standard output, each on lines of its own; nothing with ``--json``.

    Never through a table and never folded: a blank is a character of a code, and a folded one loses it.
    """
    if settings().json or not things:
        return
    said = choose(
        "Hand this to the person; no copy of it stays here.",
        "본인에게 전달하십시오. 이곳에는 사본이 남지 않습니다.",
    )
    with writing():
        sys.stdout.write(f"\n{said}\n")
        for one in things:
            sys.stdout.write(f"\n{one.name}\n{one.text}\n{_code_of(one)}")


def readable_json(content: Mapping[str, JsonValue]) -> str:
    """Return JSON that says the same on a screen: a character that could move its cursor is escaped."""
    written = json.dumps(content, ensure_ascii=False, indent=2)
    return "".join(
        character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1]
        for character in written
    )


def _code_of(one: Theirs) -> str:
    if one.bundle is None or not sys.stdout.isatty():
        return ""
    drawn = make_code(one.bundle).terminal()
    # Folded it would be no code: in a narrower terminal the text alone is shown.
    fits = max(map(len, drawn.splitlines())) <= os.get_terminal_size(sys.stdout.fileno()).columns
    return f"\n{drawn}" if fits else ""
