"""``dongui issue staff-card``: a card that binds an employee to their face, which is stored nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.desk_option import RequiredDesk

__all__ = ["staff_card"]


def staff_card(
    desk: RequiredDesk,
    portrait: Annotated[Path, typer.Option(help="The employee's portrait, JPEG or PNG, taken on the spot.")],
    consent: Annotated[str, typer.Option(help="Id of the employee's consent record, 32 hexadecimal digits.")],
    number: Annotated[str, typer.Option(help="Staff number, at most 18 bytes.")],
    name: Annotated[str, typer.Option(help="Name as printed, at most 60 bytes; it is not in the code.")],
    out: Annotated[Path, typer.Option(help="Folder for card.pdf and card.png; made if absent.")],
    purpose: Annotated[str, typer.Option(help="The purpose consented to.")] = "staff-entrance",
    site: Annotated[
        list[Path] | None,
        typer.Option(
            help="card-site.pub of a site that may read it, repeatable; by default this desk's own."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=1098, help="Days the card is valid, from now.")] = 365,
    status_list: Annotated[str | None, typer.Option(help="Address of the issuer's status list.")] = None,
    status_index: Annotated[int | None, typer.Option(min=0, help="The card's place in that list.")] = None,
    font: Annotated[
        Path | None, typer.Option(help="Font file, for letters that the one that ships lacks.")
    ] = None,
) -> None:
    """Make a staff card: printable, with the employee's protected template in its code and nowhere else.

    Refused without the employee's consent; then, and where no card can be made, the other way is named. The
    portrait is read into memory and overwritten; the register keeps the card's secret and no face.
    """
    # Only this command loads what draws and encrypts; `dongui issue` has others.
    from dongui.cli.staff_card_making import Wanted, make

    make(
        Wanted(
            desk=desk,
            portrait=portrait,
            consent=consent,
            number=number,
            name=name,
            out=out,
            purpose=purpose,
            sites=tuple(site or ()),
            days=days,
            status_list=status_list,
            status_index=status_index,
            font=font,
        )
    )
