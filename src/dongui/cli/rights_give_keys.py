"""``dongui rights give-keys``: everybody's own copy of their key, as letters to print or files, in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption, open_ledger
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import choose, progress, show
from dongui.cli.writing import make_folder, write_once
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from dongui.custody.ledger import LoggedLedger
    from dongui.custody.person_keys import Person, PersonKey
    from dongui.storage.sqlite.person_keys import SqlitePersonKeys

__all__ = ["give_keys"]

_BATCH = 500
_IN_FOLDER = 1_000


class CopyForm(StrEnum):
    """What a person's copy is written as."""

    LETTER = "letter"
    CODE = "code"
    TEXT = "text"


_Named = Annotated[
    Path | None,
    typer.Option(help="CSV or Parquet with a column `person`; else everybody who ever said something."),
]
_Form = Annotated[
    CopyForm, typer.Option(help="letter: a page to print, in PDF; code: the QR code alone; text.")
]
_ENDINGS = {CopyForm.LETTER: "pdf", CopyForm.CODE: "png", CopyForm.TEXT: "key"}


def give_keys(
    out: Annotated[Path, typer.Option(help="Folder for the copies, one file a person; made if absent.")],
    desk: RequiredDesk,
    file: _Named = None,
    form: _Form = CopyForm.LETTER,
    again: Annotated[
        bool, typer.Option("--again", help="Also for people whose copy was handed out before.")
    ] = False,
    postgresql: PostgresqlOption = None,
) -> None:
    """Draw the keys that are missing, log them, and write each person's own copy, to be handed over.

    Nothing is written over and nobody gets two: interrupted, give the same command again. The files are the
    only copies in clear; destroy the folder once they are printed and sent.
    """
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.membership_inputs import open_keys

    make_folder(out)
    _tidy(out)
    written = skipped = 0
    with (
        open_desk(desk) as opened,
        open_ledger(opened, postgresql) as ledger,
        open_keys(opened) as keys,
        _people(ledger, file) as people,
        progress("Writing copies.", "사본을 쓰고 있습니다.") as say,
    ):
        entry = opened.entry
        written_as = _writer(form, f"{entry.name_ko} / {entry.name_en} <{entry.contact}>")
        for batch in _batches(people):
            chosen = batch if again else _not_handed(keys, batch)
            keys.draw(chosen)
            for somebody in chosen:
                written += _write(out, somebody, keys, written_as, _ENDINGS[form])
            # Noted once the files are on the disk: whoever is noted has one.
            keys.note_handed([one.id for one in chosen], form=form.value, at=opened.clock.now())
            skipped += len(batch) - len(chosen)
            say(f"{written:,}")
    said = choose(
        f"Wrote {written:,} copies into {out}; {skipped:,} people had theirs. Hand them over, then destroy "
        "the folder: these files are private, and the only ones in clear.",
        f"{out}에 사본 {written:,}개를 썼습니다. {skipped:,}명은 이미 받았습니다. 본인에게 전달한 뒤 폴더를 "
        "파기하십시오. 비공개이며 암호화되지 않은 유일한 파일입니다.",
    )
    show({"written": written, "had_one": skipped, "folder": str(out)}, said)


def _tidy(out: Path) -> None:
    """Delete what a killed run left under passing names: copies in clear that nobody would look for."""
    for stale in out.glob(f"{'[0-9]' * 7}/.*.{'[0-9a-f]' * 16}"):
        stale.unlink(missing_ok=True)


def _writer(form: CopyForm, sender: str) -> Callable[[PersonKey], bytes]:
    from dongui.custody.key_letter import draw_code, draw_letter

    forms: dict[CopyForm, Callable[[PersonKey], bytes]] = {
        CopyForm.LETTER: lambda key: draw_letter(key, sender=sender),
        CopyForm.CODE: draw_code,
        CopyForm.TEXT: lambda key: key.text().encode() + b"\n",
    }
    return forms[form]


@contextmanager
def _people(ledger: LoggedLedger, file: Path | None) -> Iterator[Iterable[Person]]:
    """Go through the people of a list, or everybody the ledger has heard of."""
    from dongui.custody.delivered_rows import read_rows
    from dongui.custody.person_keys import Person

    if file is None:
        with ledger.people() as everybody:
            yield (Person(identity, number) for number, identity in everybody)
        return
    with ledger.numbers() as number_of:
        rows = read_rows(file, needed=["person"])
        yield (_known(row.identity("person"), number_of) for row in rows)


def _known(identity: bytes, number_of: Callable[[bytes], int | None]) -> Person:
    from dongui.custody.person_keys import Person
    from dongui.errors import Misuse

    number = number_of(identity)
    if number is None:
        raise Misuse("snapshot.unknown-person", "the ledger does not know one of the people in the list")
    return Person(identity, number)


def _batches(people: Iterable[Person]) -> Iterator[list[Person]]:
    pending = iter(people)
    while batch := list(islice(pending, _BATCH)):
        yield batch


def _not_handed(keys: SqlitePersonKeys, batch: Sequence[Person]) -> list[Person]:
    wanted = set(keys.not_handed([one.id for one in batch]))
    return [one for one in batch if one.id in wanted]


def _write(
    out: Path, somebody: Person, keys: SqlitePersonKeys, written_as: Callable[[PersonKey], bytes], ending: str
) -> int:
    """Write one copy where there is none; return how many that were."""
    folder = out / f"{somebody.number // _IN_FOLDER:07d}"
    make_folder(folder)
    path, key = folder / f"{somebody.id.hex()}.{ending}", keys.key_of(somebody.id)
    if key is None or path.exists():
        return 0
    write_once(path, written_as(key), private=True)
    return 1
