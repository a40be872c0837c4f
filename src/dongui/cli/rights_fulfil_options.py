"""What ``dongui rights fulfil`` is given: by right, the papers, stores and words that right takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Changed",
    "CodeOut",
    "Done",
    "ForPerson",
    "Master",
    "NoVault",
    "Picture",
    "PublicKey",
    "Record",
    "Records",
    "Reviewer",
    "Vault",
    "VaultKeys",
]

ForPerson = Annotated[
    Path | None,
    typer.Option("--out", help="Access, copy, explanation: new file for the person; a copy is encrypted."),
]
Records = Annotated[list[Path] | None, typer.Option(help="Access, copy: record index to look into.")]
Vault = Annotated[Path | None, typer.Option(help="Access, copy, correction, erasure: the vault's folder.")]
NoVault = Annotated[
    bool, typer.Option("--no-vault", help="Copy, correction, erasure: there is no vault with pictures.")
]
VaultKeys = Annotated[
    Path | None,
    typer.Option(envvar="DONGUI_VAULT_KEYS", help="With --vault: folder of its people's keys."),
]
Master = Annotated[
    str,
    typer.Option(envvar="DONGUI_VAULT_MASTER", help="With --vault: its master key, such as file:PATH."),
]
PublicKey = Annotated[
    Path | None, typer.Option(help="Copy: the person's own public key (`vault recipient-key`).")
]
CodeOut = Annotated[
    Path | None,
    typer.Option(help="Copy: draw a code into this new file instead, to be handed over another way."),
]
Record = Annotated[str, typer.Option(help="Correction: id of the record in the vault.")]
Picture = Annotated[Path | None, typer.Option(help="Correction: its new picture, kept as the next version.")]
Done = Annotated[str, typer.Option(help="Correction, human review: what was done, in words.")]
Reviewer = Annotated[str, typer.Option(help="Human review: who looked at it.")]
Changed = Annotated[
    bool, typer.Option("--changed", help="Human review: the decision was changed, not upheld.")
]
