"""``dongui vault``: keep images encrypted, hand releases over, erase people, rotate, check."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption
from dongui.cli.desk_option import RequiredDesk, open_desk
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
    read_raw_key,
    write_view,
)
from dongui.cli.writing import NewFile, make_folder, require_place, write_once, write_together
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse, Refused
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from dongui.custody.vault.keys import MasterKeys

__all__ = ["app"]

app = typer.Typer(help="The vault: images kept encrypted, each under its person's key.", no_args_is_help=True)
_BEYOND = "What the recipient has decrypted is beyond erasure: it can be neither taken back nor detected."
_BEYOND_KO = "수령자가 복호화한 것은 파기할 수 없으며, 되찾을 수도 알아낼 수도 없습니다."
_Release = Annotated[Path, typer.Option(help="Folder of the sealed release.")]
_Recipient = Annotated[str, typer.Option(help="Id of the recipient the release was decided for.")]


@app.command("create")
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


@app.command("put")
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


@app.command("get")
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


@app.command("list")
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


@app.command("fsck")
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


@app.command("rotate")
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


@app.command("erase")
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


@app.command("export-keys")
def export_keys(
    vault: VaultFolder,
    release: _Release,
    recipient: _Recipient,
    public_key: Annotated[
        Path, typer.Option(help="The recipient's public key file (`vault recipient-key`).")
    ],
    out: Annotated[Path, typer.Option(help="Write the parcel to this new file.")],
    keys: KeysFolder,
    master: MasterOption,
    desk: RequiredDesk,
    postgresql: PostgresqlOption = None,
) -> None:
    """Hand a sealed release over: its records as they lie encrypted, their data keys for one public key.

    Only what is released now: the desk's ledger is asked first, and whoever withdrew since is taken out.
    Never a person's key or a master key.
    """
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.stopped import take_out_since
    from dongui.custody.opening import open_release
    from dongui.custody.release_opening import read_release
    from dongui.custody.vault.release_keys import hand_over

    with open_desk(desk) as at_desk:
        log_key = at_desk.keys.log
        take_out_since(at_desk, read_release(release, key=log_key), postgresql)
    opened = open_release(release, log_key=log_key, trusted=None, recipient=recipient, clock=SystemClock())
    with (
        open_at(vault, keys, master, write=False) as kept,
        progress("Handing over.", "전달하고 있습니다.") as say,
    ):
        handed = hand_over(
            opened,
            vault=kept,
            public_key=read_raw_key(public_key, "public key"),
            out=out,
            progress=lambda done: say(f"{done:,} / {opened.count:,}"),
        )
    said = choose(
        f"Handed over: {handed.records:,} records. {_BEYOND}",
        f"전달했습니다: 기록 {handed.records:,}건. {_BEYOND_KO}",
    )
    result: dict[str, JsonValue] = {
        "parcel": str(out),
        "records": handed.records,
        "bytes": handed.bytes,
        "beyond_erasure": choose(_BEYOND, _BEYOND_KO),
    }
    show(result, said)


@app.command("recipient-key")
def recipient_key(
    out: Annotated[Path, typer.Option(help="Write the private key to this new file, and PATH.public.")],
) -> None:
    """Draw a recipient's key. The private half stays with the recipient; the public half is sent."""
    forbid_core_dumps()
    from dongui.custody.vault.release_keys import RecipientKey

    key, public = RecipientKey.draw(SystemEntropy()), out.with_name(f"{out.name}.public")
    private = NewFile(out, key.raw.hex().encode() + b"\n", private=True)
    write_together([private, NewFile(public, key.public.hex().encode() + b"\n", private=False)])
    said = choose(f"Send {public}; keep {out}.", f"{public}을(를) 보내고 {out}은(는) 보관하십시오.")
    show({"private": str(out), "public": str(public)}, said)


@app.command("open-parcel")
def open_parcel(
    parcel: Annotated[Path, typer.Argument(help="The parcel that was handed over.")],
    release: _Release,
    recipient: _Recipient,
    key: Annotated[Path, typer.Option(help="The recipient's private key file.")],
    operator_key: Annotated[Path, typer.Option(help="The operator's public keys.")],
    out: Annotated[Path, typer.Option(help="New folder for the images, in the clear.")],
) -> None:
    """As a recipient: decrypt those records of a parcel that the release still releases."""
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.receipt_inputs import read_keys
    from dongui.custody.opening import open_release
    from dongui.custody.vault.release_keys import RecipientKey, read_parcel

    if out.exists():
        raise Misuse("file.exists", f"{out} is there already")
    opened = open_release(
        release, log_key=read_keys(operator_key).log, trusted=None, recipient=recipient, clock=SystemClock()
    )
    private = RecipientKey(read_raw_key(key, "private key"))
    make_folder(out)
    count = 0
    for one in read_parcel(parcel, opened=opened, key=private):
        write_view(out / one.name.record.hex(), one.content.view)
        count += 1
    show(
        {"records": count, "folder": str(out)},
        choose(f"Decrypted: {count:,}.", f"복호화했습니다: {count:,}건."),
    )


@app.command("master-key")
def master_key(
    out: Annotated[Path, typer.Option(help="Write the key to this new file.")],
) -> None:
    """Draw a master key for a variable of the environment; in a file or token `create` draws its own."""
    forbid_core_dumps()
    from dongui.custody.vault.keys import MasterKey

    key = MasterKey.draw(SystemEntropy())
    write_once(out, key.text().encode() + b"\n", private=True)
    show({"id": key.id, "file": str(out)}, choose(f"Written: {out}.", f"기록했습니다: {out}."))
