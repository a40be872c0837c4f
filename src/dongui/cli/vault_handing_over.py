"""``dongui vault export-keys|recipient-key|open-parcel``: a release handed over, and opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, progress, show
from dongui.cli.vault_inputs import (
    KeysFolder,
    MasterOption,
    VaultFolder,
    open_at,
    read_raw_key,
    write_view,
)
from dongui.cli.writing import NewFile, make_folder, write_together
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps

__all__ = ["export_keys", "open_parcel", "recipient_key"]

_BEYOND = "What the recipient has decrypted is beyond erasure: it can be neither taken back nor detected."
_BEYOND_KO = "수령자가 복호화한 것은 파기할 수 없으며, 되찾을 수도 알아낼 수도 없습니다."
_Release = Annotated[Path, typer.Option(help="Folder of the sealed release.")]
_Recipient = Annotated[str, typer.Option(help="Id of the recipient the release was decided for.")]


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


def recipient_key(
    out: Annotated[Path, typer.Option(help="Write the private key to this new file, and PATH.public.")],
) -> None:
    """Draw a recipient's key. The private half stays with the recipient; the public half is sent."""
    forbid_core_dumps()
    from dongui.custody.vault.recipient_key import RecipientKey

    key, public = RecipientKey.draw(SystemEntropy()), out.with_name(f"{out.name}.public")
    private = NewFile(out, key.raw.hex().encode() + b"\n", private=True)
    write_together([private, NewFile(public, key.public.hex().encode() + b"\n", private=False)])
    said = choose(f"Send {public}; keep {out}.", f"{public}을(를) 보내고 {out}은(는) 보관하십시오.")
    show({"private": str(out), "public": str(public)}, said)


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
    from dongui.custody.vault.parcel_reading import read_parcel
    from dongui.custody.vault.recipient_key import RecipientKey

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
