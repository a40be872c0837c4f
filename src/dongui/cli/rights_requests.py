"""``dongui rights request|confirm|list|show|due|extend|refuse``: requests and what happens to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from dongui.cli.custody_options import PostgresqlOption, parse_id
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.holder_proof import (
    DocumentAudience,
    DocumentFile,
    DocumentNonce,
    DocumentTrust,
    HolderProof,
    PassportReader,
    PassportZone,
    ReaderKeyFile,
    TranscriptFile,
)
from dongui.cli.output import JsonValue, choose, show, table
from dongui.custody.rights.kinds import Right
from dongui.errors import Misuse
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from datetime import datetime

    from dongui.custody.rights.requests import Request

__all__ = ["confirm", "due", "extend", "list_", "refuse", "request", "request_json", "show_request"]

RequestId = Annotated[str, typer.Argument(help="The request's number: 32 hexadecimal digits.")]
PersonId = Annotated[str, typer.Option(help="Id of the person in custody: 32 hexadecimal digits.")]
KeyFile = Annotated[Path | None, typer.Option(help="The person's own copy of their key.")]
Reason = Annotated[str, typer.Option(help="In words; the person is told exactly this.")]


def request(
    right: Annotated[Right, typer.Argument(help="What is asked for.")],
    law: Annotated[str, typer.Option(help="Law it is answered by: PIPA_2025_10 or GDPR_2016_679.")],
    desk: RequiredDesk,
    person: Annotated[
        str,
        typer.Option(help="Id of the person in custody, with --key or --document; else nobody is looked up."),
    ] = "",
    key: KeyFile = None,
    document: DocumentFile = None,
    trust: DocumentTrust = None,
    session_transcript: TranscriptFile = None,
    reader_key: ReaderKeyFile = None,
    nonce: DocumentNonce = None,
    audience: DocumentAudience = None,
    reader: PassportReader = None,
    mrz: PassportZone = None,
    zone: Annotated[str, typer.Option(help="Time zone days are counted in, where the law has none.")] = "",
    holidays: Annotated[
        Path | None, typer.Option(help="Calendar of public holidays (TOML: source, days).")
    ] = None,
    postgresql: PostgresqlOption = None,
) -> None:
    """Record a request with its due date. Never with a picture.

    With the person's key or document their identity is confirmed at once; without, the term runs all the
    same, and nothing is done before `rights confirm`.
    """
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.rights_stores import Proof, open_office, prove
    from dongui.custody.rights.due_dates import NO_HOLIDAYS, read_holidays
    from dongui.custody.rights.law import law as law_named

    held = HolderProof(document, trust, session_transcript, reader_key, nonce, audience, reader, mrz)
    proof = Proof(key, held)
    if proof.is_there is not bool(person):
        raise Misuse("rights.options-incomplete", "--person goes with --key or --document")
    by_law = law_named(law)
    known = NO_HOLIDAYS if holidays is None else read_holidays(holidays)
    with open_desk(desk) as opened, open_office(opened, postgresql) as office:
        subject = prove(office, parse_id(person), proof) if proof.is_there else None
        found = office.book.receive(right, by_law, zone=zone, holidays=known, subject=subject)
        _show(found, opened.clock.now())


def confirm(
    request_id: RequestId,
    person: PersonId,
    desk: RequiredDesk,
    key: KeyFile = None,
    document: DocumentFile = None,
    trust: DocumentTrust = None,
    session_transcript: TranscriptFile = None,
    reader_key: ReaderKeyFile = None,
    nonce: DocumentNonce = None,
    audience: DocumentAudience = None,
    reader: PassportReader = None,
    mrz: PassportZone = None,
    postgresql: PostgresqlOption = None,
) -> None:
    """Confirm who is behind a request that was received without proof."""
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.rights_stores import Proof, open_office, parse_request, prove

    held = HolderProof(document, trust, session_transcript, reader_key, nonce, audience, reader, mrz)
    proof = Proof(key, held)
    if not proof.is_there:
        raise Misuse("rights.options-incomplete", "either --key or --document")
    with open_desk(desk) as opened, open_office(opened, postgresql) as office:
        subject = prove(office, parse_id(person), proof)
        _show(office.book.confirm(parse_request(request_id), subject), opened.clock.now())


def show_request(request_id: RequestId, desk: RequiredDesk, postgresql: PostgresqlOption = None) -> None:
    """Show everything that happened to a request, with each event's place in the log."""
    require_extra("custody")
    from dongui.cli.rights_stores import open_office, parse_request

    with open_desk(desk) as opened, open_office(opened, postgresql) as office:
        _show(office.book.read(parse_request(request_id)), opened.clock.now())


def list_(desk: RequiredDesk, postgresql: PostgresqlOption = None) -> None:
    """List all requests. Whom they are about is not shown."""
    _list(desk, postgresql, open_only=False)


def due(desk: RequiredDesk, postgresql: PostgresqlOption = None) -> None:
    """List the open requests, the most urgent first, and say which are late."""
    _list(desk, postgresql, open_only=True)


def extend(
    request_id: RequestId,
    reason: Reason,
    desk: RequiredDesk,
    until: Annotated[
        str,
        typer.Option(help="Where the law lets access be put off for a reason: until this day, 2026-12-24."),
    ] = "",
    postgresql: PostgresqlOption = None,
) -> None:
    """Record that more time is needed, why, and until when; as often as the law allows."""
    require_extra("custody")
    from dongui.cli.rights_stores import open_office, parse_request

    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        raise Misuse("rights.options-incomplete", f"{until[:20]!r} is no day") from None
    with open_desk(desk) as opened, open_office(opened, postgresql) as office:
        found = office.book.extend(parse_request(request_id), reason=reason, until=day)
        _show(found, opened.clock.now())


def refuse(
    request_id: RequestId,
    ground: Annotated[str, typer.Option(help="Id of the law's ground; a wrong one lists those there are.")],
    reason: Reason,
    desk: RequiredDesk,
    postgresql: PostgresqlOption = None,
) -> None:
    """Refuse a request on a ground the law has for it."""
    require_extra("custody")
    from dongui.cli.rights_stores import open_office, parse_request

    with open_desk(desk) as opened, open_office(opened, postgresql) as office:
        found = office.book.refuse(parse_request(request_id), ground=ground, reason=reason)
        _show(found, opened.clock.now())


def request_json(found: Request, now: datetime) -> dict[str, JsonValue]:
    """Return a request as JSON; ``blind`` opens each event's log entry, and is for the person."""
    events: Sequence[JsonValue] = [
        {
            "what": event.kind.value,
            "at": event.at.isoformat(),
            "log_index": event.position,
            "blind": event.blind.hex(),
            **{name: value for name, value in event.words.items() if name != "holiday_days"},
        }
        for event in found.events
    ]
    return {**_line(found, now), "events": events}


def _line(found: Request, now: datetime) -> dict[str, JsonValue]:
    return {
        "request": found.id.hex(),
        "right": found.right.value,
        "law": found.law.id,
        "due": found.due.isoformat(),
        "state": found.events[-1].kind.value,
        "open": found.is_open,
        "late": found.is_late(now),
        "identity_confirmed": found.identity_confirmed,
    }


def _list(desk: Path, postgresql: str | None, *, open_only: bool) -> None:
    require_extra("custody")
    from dongui.cli.rights_stores import open_office

    with open_desk(desk) as opened, open_office(opened, postgresql) as office:
        now = opened.clock.now()
        found = [one for one in office.book.all() if one.is_open or not open_only]
    found = sorted(found, key=lambda one: one.due) if open_only else found
    lines = [_line(one, now) for one in found]
    show({"requests": lines}, lambda: _drawn(lines))


def _drawn(lines: Sequence[dict[str, JsonValue]]) -> RenderableType:
    names = ("request", "right", "due", "state", "late")
    columns = (
        choose("request", "요구"),
        choose("right", "권리"),
        choose("due", "기한"),
        choose("state", "상태"),
        choose("late", "지남"),
    )
    rows = [tuple(_word(line[name]) for name in names) for line in lines]
    return table(columns, rows)


def _word(value: JsonValue) -> str:
    if isinstance(value, bool):
        return choose("yes", "예") if value else ""
    return str(value)


def _show(found: Request, now: datetime) -> None:
    said = request_json(found, now)
    show(said, lambda: _drawn_events(found, now))


def _drawn_events(found: Request, now: datetime) -> RenderableType:
    rows = [
        (
            str(event.position),
            event.at.isoformat(timespec="minutes"),
            event.kind.value,
            ", ".join(f"{name}: {word}" for name, word in event.words.items() if name != "holiday_days"),
        )
        for event in found.events
    ]
    columns = (choose("entry", "항목"), choose("at", "시각"), choose("what", "내용"), "")
    late = choose(" LATE", " 기한 지남") if found.is_late(now) else ""
    title = choose(
        f"Request {found.id.hex()}\n{found.right.value}, {found.law.id}, due {found.due}{late}",
        f"요구 {found.id.hex()}\n{found.right.value}, {found.law.id}, 기한 {found.due}{late}",
    )
    return table(columns, rows, title=title)
