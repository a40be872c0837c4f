"""``dongui custody register``, ``act``, ``import``, ``show``: what the ledger is told, and what it knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption, open_ledger, parse_id
from dongui.cli.custody_words import KindName
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.cli.release_names import ArtefactName
from dongui.errors import Misuse
from dongui.extras import require_extra

if TYPE_CHECKING:
    from dongui.cli.carrying_out_inputs import NotYet
    from dongui.custody.consent_events import CustodyEvent

__all__ = ["add_act", "import_acts", "register", "show_person"]

_BATCH = 10_000
Person = Annotated[str, typer.Option(help="Id of the person in custody: 32 hexadecimal digits.")]
_Moment = Annotated[str, typer.Option(help="With its time zone: 2027-11-22T00:00:00Z. Empty: no end.")]
_ClaimedAt = Annotated[
    str, typer.Option(help="When they say they said it; it counts from its log entry. Empty: now.")
]
_Flags = Annotated[
    str,
    typer.Option(help="informed, separate, explicit, under-age, guardian, cross-border; apart by blanks."),
]
_AskedArtefact = Annotated[
    ArtefactName, typer.Option(help="What it is about; each needs a consent of its own.")
]
_Acts = Annotated[
    Path,
    typer.Argument(
        help="CSV or Parquet: person, purpose, recipient, artefact, kind, claimed_at; and if you like "
        "flags, valid_until, retained_until."
    ),
]


def register(
    desk: RequiredDesk,
    people: Annotated[
        list[str] | None, typer.Argument(help="Ids of people, 32 hexadecimal digits each.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="CSV or Parquet with a column `person`.")] = None,
    postgresql: PostgresqlOption = None,
) -> None:
    """Make people known to the ledger; those known already stay, with their numbers."""
    require_extra("custody")
    from dongui.custody.delivered_rows import in_batches, read_rows

    def named() -> Iterator[bytes]:
        yield from (parse_id(text) for text in people or ())
        if file is not None:
            yield from (row.identity("person") for row in read_rows(file, needed=["person"]))

    if not people and file is None:
        raise Misuse("custody.nobody-named", "no id and no --file")
    new = 0
    with (
        open_desk(desk) as opened,
        open_ledger(opened, postgresql) as ledger,
        progress("Registering.", "등록하고 있습니다.") as say,
    ):
        for several in in_batches(named(), _BATCH):
            new += ledger.register_people(several)
            say(f"{new:,}")
    show({"new": new}, choose(f"{new:,} people are new.", f"새로 등록된 사람: {new:,}명."))


def add_act(
    person: Person,
    purpose: Annotated[str, typer.Option(help="Id of the purpose they were asked about.")],
    recipient: Annotated[str, typer.Option(help="Id of the recipient they were asked about.")],
    artefact: _AskedArtefact,
    kind: Annotated[KindName, typer.Option(help="What they said, or what became of it.")],
    desk: RequiredDesk,
    claimed_at: _ClaimedAt = "",
    flags: _Flags = "",
    valid_until: _Moment = "",
    retained_until: _Moment = "",
    postgresql: PostgresqlOption = None,
) -> None:
    """Append one act to the ledger: to the log first, then to the ledger.

    Whoever withdraws is taken out of the releases at hand at once; `custody withdraw` does all the rest too.
    """
    require_extra("custody")
    from dongui.cli.carrying_out_inputs import lines_of, not_yet_json
    from dongui.cli.membership_inputs import read_until
    from dongui.custody.act_rows import KINDS, read_flags
    from dongui.custody.consent_events import ConsentAct, ConsentKey
    from dongui.custody.question import Artefact

    def end(text: str) -> datetime | None:
        return read_until(text) if text else None

    with open_desk(desk) as opened, open_ledger(opened, postgresql) as ledger:
        try:
            act = ConsentAct(
                ConsentKey(parse_id(person), purpose, recipient, Artefact[artefact.name]),
                KINDS[kind.value],
                claimed_at=end(claimed_at) or opened.clock.now(),
                flags=read_flags(flags),
                valid_until=end(valid_until),
                retained_until=end(retained_until),
            )
        except ValueError as error:
            raise Misuse("custody.row-malformed", str(error)) from None
        (event,) = ledger.append([act])
    said = choose(f"Entry {event.position} of the log.", f"로그의 항목 {event.position}.")
    left = [] if event.kind.stands else _what_follows(desk, postgresql)
    result: dict[str, JsonValue] = {
        "log_index": event.position,
        "blind": event.blind.hex(),
        "not_yet": not_yet_json(left),
    }
    show(result, lines_of(said, left))


def import_acts(
    file: _Acts,
    desk: RequiredDesk,
    batch: Annotated[
        int, typer.Option(min=1, max=100_000, help="Rows appended at once, all or none.")
    ] = _BATCH,
    after: Annotated[
        int, typer.Option(min=0, help="Go on after this row: those up to it are in already.")
    ] = 0,
    postgresql: PostgresqlOption = None,
) -> None:
    """Append consent acts in bulk. A fault names its row, and says up to which row the ledger has them.

    Whoever withdraws is taken out of the releases at hand at once; `custody carry-out` does all the rest.
    """
    require_extra("custody")
    from dongui.cli.carrying_out_inputs import lines_of, not_yet_json
    from dongui.cli.release import Pace
    from dongui.custody.act_rows import append_acts
    from dongui.custody.delivered_rows import count_rows

    with (
        open_desk(desk) as opened,
        open_ledger(opened, postgresql) as ledger,
        progress("Appending.", "추가하고 있습니다.") as say,
    ):
        total, pace = count_rows(file), Pace(say)

        def tell(rows: int) -> None:
            if total is None:
                say(choose(f"{rows:,} rows", f"{rows:,}행"))
            else:
                pace.tell(rows, total)

        tell(after)
        done = append_acts(ledger, file, batch=batch, after=after, progress=tell)
    said = choose(f"{done.rows:,} acts appended.", f"{done.rows:,}건을 추가했습니다.")
    left = _what_follows(desk, postgresql)
    result: dict[str, JsonValue] = {
        "appended": done.rows,
        "last_log_index": done.last,
        "not_yet": not_yet_json(left),
    }
    show(result, lines_of(said, left))


def _what_follows(desk: Path, postgresql: str | None) -> list[NotYet]:
    """Take whoever withdrew out of the releases at hand; say what else follows from it."""
    from dongui.cli.carrying_out_inputs import acts_not_carried_out, missing_releases, open_carrying_out

    with open_desk(desk) as opened, open_carrying_out(opened, "PIPA_2025_10", postgresql) as carrying:
        carrying.take_out()
        missing = [one for one in carrying.places.known() if one.release not in carrying.at_hand()]
        return [*acts_not_carried_out(len(carrying.all_open_acts())), *missing_releases(missing)]


def show_person(person: Person, desk: RequiredDesk, postgresql: PostgresqlOption = None) -> None:
    """Show one person's number and everything they said, in the order of the log."""
    require_extra("custody")
    identity = parse_id(person)
    with open_desk(desk) as opened, open_ledger(opened, postgresql) as ledger:
        number, events = ledger.number(identity), ledger.events_of(identity)
    found: list[dict[str, JsonValue]] = [_event(event) for event in events]
    columns = (
        choose("entry", "항목"),
        choose("what", "내용"),
        choose("purpose", "목적"),
        choose("recipient", "제공받는 자"),
        choose("artefact", "대상"),
    )
    rows = [
        tuple(str(one[name]) for name in ("log_index", "kind", "purpose", "recipient", "artefact"))
        for one in found
    ]
    title = choose(f"Number {number}", f"번호 {number}")
    show({"number": number, "events": found}, lambda: table(columns, rows, title=title))


def _event(event: CustodyEvent) -> dict[str, JsonValue]:
    return {
        "log_index": event.position,
        "kind": event.kind.name.lower().replace("_", "-"),
        "purpose": event.key.purpose,
        "recipient": event.key.recipient,
        "artefact": event.key.artefact.name.lower(),
        "flags": event.flags,
        "counts_from_us": event.counts_from_us,
        "valid_until_us": event.valid_until_us,
        "retained_until_us": event.retained_until_us,
    }
