"""``dongui vault rotate|erase|master-key``: master keys drawn and exchanged, people erased."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, show
from dongui.cli.vault_inputs import (
    KeysFolder,
    MasterOption,
    VaultFolder,
    open_at,
    open_keys_at,
    parse_id,
)
from dongui.cli.writing import NewFile, make_folder, write_once, write_together
from dongui.environment import SystemClock, SystemEntropy
from dongui.memory import forbid_core_dumps

__all__ = ["erase", "master_key", "rotate"]


def rotate(
    keys: KeysFolder,
    master: MasterOption,
    every: Annotated[
        int, typer.Option(min=0, help="Only if the last rotation is so many days ago; 0: now.")
    ] = 0,
) -> None:
    """Wrap everybody's key anew under a new master key, and destroy the old one.

    From then on older copies of the people's keys open nothing. Interrupted, give the same command again.
    """
    forbid_core_dumps()
    from dongui.custody.vault.rotation import rotate_when_due

    with open_keys_at(keys, master) as store:
        rotated = rotate_when_due(store, clock=SystemClock(), every=timedelta(days=every))
    if rotated is None:
        show({"rotated": False}, choose("Not due yet.", "아직 때가 아닙니다."))
        return
    result: dict[str, JsonValue] = {
        "rotated": True,
        "people": rotated.people,
        "master": rotated.master,
        "old": rotated.old,
        "old_destroyed": rotated.destroyed,
    }
    done = choose(f"Rotated: {rotated.people:,} people's keys.", f"교체했습니다: {rotated.people:,}명의 키.")
    left = choose(
        f"Destroy the old master key {rotated.old} wherever it is set or written down.",
        f"기존 마스터 키 {rotated.old}를 설정되거나 적힌 모든 곳에서 파기하십시오.",
    )
    show(result, done if rotated.destroyed else f"{done} {left}")


def erase(
    vault: VaultFolder,
    keys: KeysFolder,
    master: MasterOption,
    desk: RequiredDesk,
    out: Annotated[Path, typer.Option(help="Folder for what is handed to the people: a file each.")],
    person: Annotated[
        list[str] | None, typer.Option(help="Id of the person; repeat. None: finish what was begun.")
    ] = None,
    postgresql: PostgresqlOption = None,
) -> None:
    """Log it, then destroy the people's keys, records and index entries; what was begun before, too.

    Older copies of the keys end at the next rotation. Interrupted, give the same command again. Other places
    than the vault are untouched, and named: `rights fulfil` goes through all of them.
    """
    forbid_core_dumps()
    from dongui.cli.carrying_out_inputs import lines_of, not_yet_json, still_elsewhere
    from dongui.custody.vault.erasing import erase as erase_people

    people = [parse_id(text) for text in person or []]
    make_folder(out)
    with open_desk(desk) as at_desk, open_at(vault, keys, master, write=True) as opened:
        erased = erase_people(
            people, vault=opened, log=at_desk.log, clock=SystemClock(), entropy=SystemEntropy()
        )
        left = still_elsewhere(at_desk, [one.person for one in erased], postgresql)
    files = [out / f"erasure-{one.index}.txt" for one in erased]
    write_together(
        [
            NewFile(path, f"{one.content.hex()} {one.blind.hex()} {one.index}\n".encode(), private=True)
            for path, one in zip(files, erased, strict=True)
        ]
    )
    said = choose(
        f"Erased: {len(erased)}. Copies of the keys end at the next rotation; what recipients decrypted "
        "before is beyond erasure.",
        f"파기했습니다: {len(erased)}명. 키의 사본은 다음 교체 때 무효가 되며, 수령자가 이미 복호화한 것은 "
        "파기할 수 없습니다.",
    )
    result: dict[str, JsonValue] = {
        "people": len(erased),
        "versions": sum(one.versions for one in erased),
        "log_indexes": [one.index for one in erased],
        "files": [str(path) for path in files],
        "not_yet": not_yet_json(left),
    }
    show(result, lines_of(said, left))


def master_key(
    out: Annotated[Path, typer.Option(help="Write the key to this new file.")],
) -> None:
    """Draw a master key for a variable of the environment; in a file or token `create` draws its own."""
    forbid_core_dumps()
    from dongui.custody.vault.keys import MasterKey

    key = MasterKey.draw(SystemEntropy())
    write_once(out, key.text().encode() + b"\n", private=True)
    show({"id": key.id, "file": str(out)}, choose(f"Written: {out}.", f"기록했습니다: {out}."))
