"""``dongui release``: decide which records a recipient gets, and see what was decided."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from dongui.cli.desk_option import OptionalDesk, open_desk
from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.cli.release_after import correct, list_, show_release
from dongui.cli.release_names import ArtefactName, EngineName, UseName
from dongui.errors import failures
from dongui.extras import require_extra

if TYPE_CHECKING:
    from dongui.custody.gate import Decided
    from dongui.desk import Desk

__all__ = ["app"]

app = typer.Typer(
    help="Releases: which records a recipient gets, and why not the others.", no_args_is_help=True
)
app.command("show")(show_release)
app.command("list")(list_)
app.command("correct")(correct)

_Pack = Annotated[
    str,
    typer.Option(help="Rule pack: a shipped one's id, or your own's .toml, decided by DuckDB or Spark."),
]
_Ground = Annotated[str, typer.Option(help="Ground other than the person's consent; never for training.")]
_OwnConsents = Annotated[
    str,
    typer.Option(help="With --ground: id under which the controller's own consents stand; else the desk's."),
]
_Engine = Annotated[
    EngineName,
    typer.Option(
        help="Engine; all decide alike. auto: merge if tables lie sorted and the pack ships; else DuckDB."
    ),
]


@app.command("decide")
def decide(
    records: Annotated[Path, typer.Option(help="Record index: the records that are kept (Parquet).")],
    consents: Annotated[Path, typer.Option(help="Consent snapshot of the ledger (Parquet).")],
    purpose: Annotated[str, typer.Option(help="Id of the purpose the people were asked about.")],
    recipient: Annotated[str, typer.Option(help="Id of the recipient they were asked about.")],
    artefact: Annotated[ArtefactName, typer.Option(help="What would be handed over.")],
    at: Annotated[str, typer.Option(help="Moment to decide for, with its time zone: 2026-11-22T09:00:00Z.")],
    out: Annotated[Path, typer.Option(help="Folder to make for the decision; it must not exist yet.")],
    pack: _Pack,
    desk: OptionalDesk = None,
    use: Annotated[UseName, typer.Option(help="What it is handed over for.")] = UseName.TRAINING,
    abroad: Annotated[bool, typer.Option("--abroad", help="The recipient is in another country.")] = False,
    ground: _Ground = "",
    ground_record: Annotated[str, typer.Option(help="The record that ground needs, such as a number.")] = "",
    controller: _OwnConsents = "",
    engine: _Engine = EngineName.AUTO,
    max_age: Annotated[int, typer.Option(min=1, help="Hours a snapshot may be old.")] = 24,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that merge.")] = 2,
) -> None:
    """Part all records into released and refused, each refused one with its reason; log it; write it whole.

    Without a desk, with a snapshot too old, or for a moment before the snapshot's, it is a simulation, which
    nothing will open. Interrupted, give the same command again.
    """
    require_extra("custody")
    from dongui.cli.release_deciding import (
        Asked,
        Limits,
        decide_as_asked,
    )  # numpy and Arrow: not for `--help`

    with ExitStack() as stack:
        opened = None if desk is None else stack.enter_context(open_desk(desk))
        asked = Asked(
            purpose=purpose,
            recipient=recipient,
            artefact=artefact,
            use=use,
            at=at,
            pack=pack,
            abroad=abroad,
            ground=(ground, ground_record) if ground or ground_record else None,
            controller=controller or ("" if opened is None else opened.entry.id),
        )
        say = stack.enter_context(progress("Deciding.", "판단하고 있습니다."))
        limits = Limits(out, engine, timedelta(hours=max_age), processes)
        decided = decide_as_asked((records, consents), asked, limits, desk=opened, progress=Pace(say).tell)
        if opened is not None and not decided.is_simulation:
            _note_place(opened, decided)
    _show(decided)


def _note_place(desk: Desk, decided: Decided) -> None:
    """Note where the release is, so that a withdrawal finds it."""
    from dongui.cli.membership_inputs import places_of
    from dongui.custody.release_opening import read_release

    places_of(desk.path).note(read_release(decided.path, key=desk.keys.log))


def _show(decided: Decided) -> None:
    refused = {name: count for name, count in decided.counts.items() if name != "released"}
    result: dict[str, JsonValue] = {
        "decision": str(decided.path),
        "standing": "simulation" if decided.is_simulation else "release",
        "against": list(decided.against),
        "log_index": decided.index,
        "records": decided.records,
        "released": decided.released,
        "refused": decided.records - decided.released,
        "reasons": refused,
        "parts": decided.parts,
        "resumed_parts": decided.resumed_parts,
    }
    show(result, lambda: _rendered(decided))


def _rendered(decided: Decided) -> RenderableType:
    rows = [(choose("released", "제공"), f"{decided.released:,}", "")]
    for name, count in decided.counts.items():
        rows.append((name, f"{count:,}", choose(failures()[name].meaning, failures()[name].meaning_ko)))
    rows.append((choose("all", "전체"), f"{decided.records:,}", ""))
    columns = (choose("decision", "결정"), choose("records", "기록"), choose("meaning", "뜻"))
    if decided.is_simulation:
        against = ", ".join(decided.against)
        title = choose(
            f"A simulation ({against}): nothing opens it.", f"모의 결정({against}): 열 수 없습니다."
        )
    else:
        title = choose(f"Entry {decided.index} of the log.", f"로그의 항목 {decided.index}.")
    return table(columns, rows, title=f"{decided.path}\n{title}")


class Pace:
    """Says how far a decision is, how fast it goes, and how long it will take."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._begin: tuple[float, int] | None = None

    def tell(self, done: int, total: int) -> None:
        """Say that ``done`` records of ``total`` are decided."""
        now = perf_counter()
        if self._begin is None:
            # What an earlier run had finished says nothing of this one's pace.
            self._begin = (now, done)
        seconds, fresh = now - self._begin[0], done - self._begin[1]
        if seconds <= 0 or fresh <= 0:
            return
        rate = fresh / seconds
        left = (total - done) / rate
        self._say(
            choose(
                f"{done:,} of {total:,} records, {rate / 1e6:.1f} million a second, {left:.0f} s left",
                f"기록 {total:,}건 중 {done:,}건, 초당 {rate / 1e6:.1f}백만 건, {left:.0f}초 남음",
            )
        )
