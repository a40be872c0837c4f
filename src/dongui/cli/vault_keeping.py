"""``dongui vault create|put|get|list|fsck``: images in and out, how many there are, whether all is sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.cli.vault_inputs import (
    KeysFolder,
    MasterOption,
    VaultFolder,
    master_keys,
    open_at,
    open_keys_at,
    parse_id,
    read_batches,
    write_view,
)
from dongui.cli.writing import require_place
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse, Refused
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from dongui.custody.vault.keys import MasterKeys

__all__ = ["create", "fsck", "get", "list_", "put"]


def create(vault: VaultFolder, keys: KeysFolder, master: MasterOption) -> None:
    """Make an empty vault, and its store of people's keys in another place.

    A master key in a file or a token is drawn where there is none yet. Leave the keys' folder out of
    ordinary back-ups: an old copy would undo every erasure until the next rotation.
    """
    from dongui.custody.vault.keys import FileMasterKeys
    from dongui.storage.vault_folder import VaultPlaces, create_vault

    kind, _, rest = master.partition(":")
    if kind == "file" and rest and not Path(rest).exists():
        FileMasterKeys.create(Path(rest), entropy=SystemEntropy())
    with master_keys(master) as held:
        if kind == "pkcs11":
            _require_first(held)
        places = VaultPlaces(vault, keys, held)
        identity = create_vault(places, clock=SystemClock(), entropy=SystemEntropy())
    said = choose(
        f"Made {vault}. Leave {keys} and the master key out of ordinary back-ups.",
        f"{vault}을(를) 만들었습니다. {keys}와 마스터 키는 일반 백업에서 제외하십시오.",
    )
    show({"vault": identity.hex(), "keys": str(keys)}, said)


def _require_first(held: MasterKeys) -> None:
    try:
        held.held()
    except Misuse:
        held.add()


def put(
    vault: VaultFolder,
    images: Annotated[
        Path,
        typer.Option(
            "--list",
            help="CSV: file, person, person_number, record, record_number, version, basis, reference.",
        ),
    ],
    keys: KeysFolder,
    master: MasterOption,
) -> None:
    """Keep the images a list names, each on its consent or recorded ground; some 64 MB all or none.

    Paths in the list are relative to it. The files themselves stay where they are: destroying them is yours.
    """
    forbid_core_dumps()
    count = written = 0
    with (
        open_at(vault, keys, master, write=True) as opened,
        progress("Encrypting.", "암호화하고 있습니다.") as say,
    ):
        for batch in read_batches(images):
            written += opened.put(batch)
            count += len(batch)
            say(f"{count:,}")
    said = choose(f"Kept: {count:,} records.", f"보관했습니다: 기록 {count:,}건.")
    show({"records": count, "bytes": written}, said)


def get(
    vault: VaultFolder,
    record: Annotated[str, typer.Option(help="Id of the record: 32 hexadecimal digits.")],
    out: Annotated[Path, typer.Option(help="Write the image, in the clear, to this new file.")],
    keys: KeysFolder,
    master: MasterOption,
    version: Annotated[int | None, typer.Option(min=1, help="Version; the latest by default.")] = None,
) -> None:
    """Write one record's image to a file. From then on that file is yours to protect and to destroy."""
    forbid_core_dumps()
    require_place(out)
    with (
        open_at(vault, keys, master, write=False) as opened,
        opened.get(parse_id(record), version) as content,
    ):
        write_view(out, content.view)
        size = len(content)
    show({"file": str(out), "bytes": size}, choose(f"Written: {out}.", f"기록했습니다: {out}."))


def list_(vault: VaultFolder, keys: KeysFolder, master: MasterOption) -> None:
    """Show how much is kept: counts alone, nobody's ids."""
    with open_at(vault, keys, master, write=False) as opened:
        counts = opened.index.counts()
    result: dict[str, JsonValue] = {
        "people": counts.people,
        "records": counts.records,
        "versions": counts.versions,
        "by_consent": counts.by_consent,
        "by_ground": counts.by_ground,
        "record_bytes": counts.frame_bytes,
        "stored_bytes": counts.stored_bytes,
        "segments": counts.segments,
    }
    columns = (choose("what", "항목"), choose("how much", "수량"))
    show(result, lambda: table(columns, [(name, f"{value:,}") for name, value in result.items()]))


def fsck(
    vault: VaultFolder,
    keys: KeysFolder,
    master: MasterOption,
    deep: Annotated[bool, typer.Option("--deep", help="Also decrypt everything in memory.")] = False,
) -> None:
    """Check that index, segments and keys agree. Nothing is repaired; what is wrong is named."""
    forbid_core_dumps()
    from dongui.custody.vault.fsck import check_vault

    with open_keys_at(keys, master) as store:
        holders, unfinished = store.people(), store.is_unfinished()
    with (
        open_at(vault, keys, master, write=False, damaged=True) as opened,
        progress("Checking.", "검사하고 있습니다.") as say,
    ):
        checked = check_vault(opened, key_holders=holders, deep=deep, progress=lambda done: say(f"{done:,}"))
    result: dict[str, JsonValue] = {
        "sound": checked.sound,
        "deep": checked.deep,
        "records": checked.frames,
        "gaps": checked.gaps,
        "bytes": checked.bytes,
        "unconfirmed_bytes": checked.unconfirmed_bytes,
        "keys_without_records": checked.keys_without_records,
        "rotation_unfinished": unfinished,
        "faults": [{"name": fault.name, "where": fault.where} for fault in checked.faults],
    }
    if not checked.sound:
        first = checked.faults[0]
        detail = f"{len(checked.faults)} faults; the first: {first.name}, {first.where}"
        raise Refused("vault.not-sound", detail)
    said = choose(
        f"Sound: {checked.frames:,} records, {checked.gaps:,} gaps, {checked.bytes:,} bytes.",
        f"정상입니다: 기록 {checked.frames:,}건, 빈자리 {checked.gaps:,}곳, {checked.bytes:,}바이트.",
    )
    show(result, said)
