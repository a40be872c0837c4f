"""``dongui desk``: make an operator's folder, and see what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import choose, show, table
from dongui.desk import ControllerEntry, create_desk
from dongui.environment import SystemEntropy

__all__ = ["app"]

app = typer.Typer(help="The operator's desk: keys, stores, purposes.", no_args_is_help=True)


@app.command("create")
def create(
    path: Annotated[Path, typer.Argument(help="Folder to make; it must not exist yet.")],
    id_: Annotated[
        str, typer.Option("--id", help="Stable identifier of the controller, such as a host name.")
    ],
    name_ko: Annotated[str, typer.Option(help="Name of the controller in Korean.")],
    name_en: Annotated[str, typer.Option(help="Name of the controller in English.")],
    address_ko: Annotated[str, typer.Option(help="Address in Korean.")],
    address_en: Annotated[str, typer.Option(help="Address in English.")],
    contact: Annotated[str, typer.Option(help="How a person reaches the controller.")],
) -> None:
    """Make a desk: fresh keys, empty stores, the controller's entry.

    Publish its operator.keys: whoever checks a receipt needs it.
    """
    entry = ControllerEntry(id_, name_ko, name_en, address_ko, address_en, contact)
    create_desk(path, entry, entropy=SystemEntropy())
    with open_desk(path) as desk:
        keys = desk.keys.text()
    show(
        {"desk": str(path), "controller": entry.id, "operator_keys": keys},
        choose(
            f"The desk {path} is ready. Publish {path / 'operator.keys'}; keep {path / 'keys'} to yourself.",
            f"창구 {path}가 준비되었습니다. {path / 'operator.keys'}는 공개하고 keys 폴더는 보호하십시오.",
        ),
    )


@app.command("show")
def show_(desk: RequiredDesk) -> None:
    """Show the controller, the purposes, the public keys and the log's state."""
    with open_desk(desk) as opened:
        purposes, checkpoint = list(opened.purposes), opened.log.checkpoint()
        entry, keys = opened.entry, opened.keys.text()
    rows = [
        (choose("controller", "처리자"), choose(entry.name_en, entry.name_ko)),
        (choose("id", "식별자"), entry.id),
        (choose("contact", "연락처"), entry.contact),
        (choose("purposes", "목적"), ", ".join(purposes)),
        (choose("log entries", "로그 항목"), str(checkpoint.size)),
        (choose("public keys", "공개 키"), keys.strip()),
    ]
    show(
        {
            "controller": {
                "id": entry.id,
                "name": choose(entry.name_en, entry.name_ko),
                "contact": entry.contact,
            },
            "purposes": purposes,
            "log_size": checkpoint.size,
            "operator_keys": keys,
        },
        lambda: table(("", ""), rows),
    )
