"""``dongui vault``: keep images encrypted, hand releases over, erase people, rotate, check."""

from __future__ import annotations

import typer

from dongui.cli.vault_ending import erase, master_key, rotate
from dongui.cli.vault_handing_over import export_keys, open_parcel, recipient_key
from dongui.cli.vault_keeping import compare, create, fsck, list_, put

__all__ = ["app"]

app = typer.Typer(help="The vault: images kept encrypted, each under its person's key.", no_args_is_help=True)
app.command("create")(create)
app.command("put")(put)
app.command("compare")(compare)
app.command("list")(list_)
app.command("fsck")(fsck)
app.command("rotate")(rotate)
app.command("erase")(erase)
app.command("export-keys")(export_keys)
app.command("recipient-key")(recipient_key)
app.command("open-parcel")(open_parcel)
app.command("master-key")(master_key)
