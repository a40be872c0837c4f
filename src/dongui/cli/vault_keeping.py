"""``dongui vault create|put|compare|list|fsck``: images in, whether they are, how many, whether sound."""

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
    read_batches,
)
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse, Refused
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from dongui.custody.vault.keys import MasterKeys
    from dongui.custody.vault.vault import NewRecord, Vault

__all__ = ["compare", "create", "fsck", "list_", "put"]


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


def compare(
    vault: VaultFolder,
    images: Annotated[Path, typer.Option("--list", help="The list that was given to put.")],
    keys: KeysFolder,
    master: MasterOption,
) -> None:
    """See that every image of a list is kept, byte for byte: before you destroy the files it names.

    What is kept is decrypted in memory alone. No command writes it out: a face leaves the vault in a release
    its person agreed to (export-keys), or as their own copy (rights copy).
    """
    forbid_core_dumps()
    count = 0
    with (
        open_at(vault, keys, master, write=False) as opened,
        progress("Comparing.", "비교하고 있습니다.") as say,
    ):
        for batch in read_batches(images):
            for one in batch:
                _require_kept(opened, one, count + 2)
                count += 1
            say(f"{count:,}")
    said = choose(f"Kept as they are: {count:,} files.", f"그대로 보관되어 있습니다: 파일 {count:,}개.")
    show({"records": count}, said)


def _require_kept(vault: Vault, one: NewRecord, line: int) -> None:
    with vault.get(one.record, one.version) as kept:
        if kept.view != one.content:
            raise Refused("vault.content-differs", f"the file of line {line} is not what is kept")


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
