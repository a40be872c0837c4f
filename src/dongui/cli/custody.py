"""``dongui custody``: who is known, what they said, and the tables a release is decided over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.custody_acts import add_act, import_acts, register, show_person
from dongui.cli.custody_options import PostgresqlOption, open_ledger
from dongui.cli.custody_withdrawing import carry_out, unfinished, withdraw
from dongui.cli.custody_words import LayoutName
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import choose, progress, show
from dongui.cli.writing import require_place
from dongui.extras import require_extra

__all__ = ["app"]

app = typer.Typer(
    help="Custody: people, their consents in the ledger, and the tables to decide over.", no_args_is_help=True
)
app.command("register")(register)
app.command("act")(add_act)
app.command("import")(import_acts)
app.command("show")(show_person)
app.command("withdraw")(withdraw)
app.command("carry-out")(carry_out)
app.command("unfinished")(unfinished)


@app.command("check")
def check(desk: RequiredDesk, postgresql: PostgresqlOption = None) -> None:
    """Hold every event of the ledger against its entry in the log."""
    require_extra("custody")
    with (
        open_desk(desk) as opened,
        open_ledger(opened, postgresql) as ledger,
        progress("Checking.", "확인하고 있습니다."),
    ):
        checked = ledger.check()
    said = choose(
        f"{checked:,} events, each as its log entry commits to it.",
        f"사건 {checked:,}건, 모두 로그 항목과 일치합니다.",
    )
    show({"events": checked}, said)


@app.command("export")
def export(
    out: Annotated[Path, typer.Option(help="Write the snapshot to this new Parquet file.")],
    desk: RequiredDesk,
    layout: Annotated[
        LayoutName, typer.Option(help="How people are named: dense numbers (quick to decide over), or ids.")
    ] = LayoutName.SORTED,
    all_events: Annotated[
        bool, typer.Option("--all-events", help="Every event, not the latest of each kind alone.")
    ] = False,
    postgresql: PostgresqlOption = None,
) -> None:
    """Export everything logged so far as a snapshot with the log's signed checkpoint.

    Others may append meanwhile; they are not in it.
    """
    require_extra("custody")
    from dongui.custody.schema import Layout

    require_place(out)
    with (
        open_desk(desk) as opened,
        open_ledger(opened, postgresql) as ledger,
        progress("Exporting.", "내보내고 있습니다."),
    ):
        rows = ledger.export(out, layout=Layout(layout.value), folded=not all_events)
    said = choose(f"{rows:,} rows in {out}.", f"{out}에 {rows:,}행을 썼습니다.")
    show({"rows": rows, "file": str(out)}, said)


@app.command("index")
def index(
    records: Annotated[
        Path, typer.Argument(help="CSV or Parquet: person, record, traits, and retained_until if you like.")
    ],
    out: Annotated[Path, typer.Option(help="Write the record index to this new Parquet file.")],
    desk: RequiredDesk,
    layout: Annotated[
        LayoutName, typer.Option(help="The same as the snapshot's; `sorted` needs records that are numbers.")
    ] = LayoutName.SORTED,
    postgresql: PostgresqlOption = None,
) -> None:
    """Write the record index: what is kept, of whom, until when; sorted as a release needs it."""
    require_extra("custody")
    from dongui.custody.record_rows import write_record_index
    from dongui.custody.schema import Layout

    require_place(out)
    with open_desk(desk) as opened, open_ledger(opened, postgresql) as ledger, ledger.numbers() as number:
        rows = write_record_index(records, out, layout=Layout(layout.value), number=number)
    said = choose(f"{rows:,} records in {out}.", f"{out}에 기록 {rows:,}건을 썼습니다.")
    show({"records": rows, "file": str(out)}, said)
