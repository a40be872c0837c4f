"""``dongui card``: the desk's card room. Staff cards themselves are made by ``dongui issue staff-card``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli import card_between
from dongui.cli.card_between import card_id
from dongui.cli.consent_copy import hand_out_copy
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, Language, choose, show, table
from dongui.cli.writing import NewFile, require_absent, require_place, write_together
from dongui.desk import LoggedConsent
from dongui.storage.sqlite.card_register import CardEntry, SqliteCardRegister

__all__ = ["app"]

app = typer.Typer(
    help="The register of staff cards: prepare it, see the cards that are out, share one, revoke one.",
    no_args_is_help=True,
)
app.command("export-secret")(card_between.export_secret)
app.command("accept")(card_between.accept)
app.command("revocation-notice")(card_between.revocation_notice)
app.command("apply-revocation")(card_between.apply_revocation)
app.command("status-list")(card_between.status_list)

_CardId = Annotated[str, typer.Argument(help="Id of the card: 32 hexadecimal digits, printed on it.")]


@app.command("prepare")
def prepare(
    desk: RequiredDesk,
    issuer: Annotated[str, typer.Option(help="Name of the issuer in its cards: 1 to 40 of ! to ~.")],
) -> None:
    """Prepare a desk for staff cards: the keys of issuer and site, and an empty register.

    card-site.pub goes to whoever issues cards to be read here; card-issuer.pem, named after the issuer, to
    whoever reads its cards.
    """
    from dongui.desk.cards import REGISTER_FILE, new_card_keys

    with open_desk(desk) as opened:
        keys = new_card_keys(desk, issuer=issuer, entropy=opened.entropy)
        require_absent(*keys.files, desk / REGISTER_FILE)
        write_together([NewFile(path, data, private=private) for path, (data, private) in keys.files.items()])
        SqliteCardRegister.open(desk / REGISTER_FILE).close()
    result: dict[str, JsonValue] = {"issuer": issuer, "files": [str(path) for path in keys.files]}
    show(result, lambda: choose(f"Prepared {desk} for staff cards", f"{desk}에 직원 카드를 준비했습니다"))


@app.command("consent")
def consent(
    desk: RequiredDesk,
    number: Annotated[str, typer.Option(help="The employee's staff number, unique with the issuer.")],
    notice: Annotated[Language, typer.Option(help="Language in which the employee read the notice.")],
    purpose: Annotated[str, typer.Option(help="Id of a purpose that takes staff cards.")] = "staff-entrance",
    issuer: Annotated[
        str | None, typer.Option(help="Whose number it is, where another desk makes the card.")
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option(help="Write the employee's copy to this new file, as JSON; without it, it is shown."),
    ] = None,
) -> None:
    """Record that an employee read a purpose's notice and said yes, before there is a card to show.

    Nothing is kept of the number but a keyed handle. `dongui purpose show` prints the notice to be read.
    """
    from dongui.desk.cards import CardRoom

    if receipt is not None:
        require_place(receipt)
    with open_desk(desk) as opened, CardRoom(opened) as room:
        room.consent(
            number,
            purpose=opened.purpose(purpose),
            language=notice.value,
            issuer=issuer,
            hand_out=lambda logged: _hand_out(logged, receipt),
        )


def _hand_out(logged: LoggedConsent, file: Path | None) -> None:
    record, until = logged.record_id.hex(), logged.receipt.history.ends_at
    result: dict[str, JsonValue] = {
        "record_id": record,
        "blind": logged.blind.hex(),
        "log_index": logged.index,
        "holds_until": until.isoformat(),
    }
    said = choose(
        f"Consent {record} holds until {until:%Y-%m-%d %H:%M}.",
        f"동의 {record}은(는) {until:%Y-%m-%d %H:%M}까지 유효합니다.",
    )
    hand_out_copy(logged, file, result=result, said=said)


@app.command("list")
def list_(desk: RequiredDesk) -> None:
    """List the cards on the register: ids, ends and consent records; it knows no more of anybody."""
    from dongui.desk.cards import CardRoom

    with open_desk(desk) as opened, CardRoom(opened) as room:
        entries = room.register.list_cards()
    columns = (choose("card id", "카드 번호"), choose("ends", "만료"), choose("state", "상태"))
    rows = [(entry.card_id.hex(), f"{entry.valid_until:%Y-%m-%d}", _state(entry)) for entry in entries]
    show({"cards": [_fields(entry) for entry in entries]}, lambda: table(columns, rows))


@app.command("show")
def show_(card: _CardId, desk: RequiredDesk) -> None:
    """Show what the register keeps of one card, but for its secret."""
    from dongui.desk.cards import CardRoom

    with open_desk(desk) as opened, CardRoom(opened) as room:
        entry = room.register.show(card_id(card))
    show(_fields(entry), lambda: table(("", ""), _rows(entry)))


@app.command("revoke")
def revoke(card: _CardId, desk: RequiredDesk) -> None:
    """Revoke a card, lost or not: its secret is deleted, and no copy of it works at this site any more.

    Which other sites were given its secret is told: `dongui card revocation-notice` writes what they apply.
    Where the card has a place in a status list, `dongui card status-list` marks it.
    """
    from dongui.desk.cards import CardRoom

    with open_desk(desk) as opened, CardRoom(opened) as room:
        entry = room.revoke(card_id(card))
        sites = [site.audience for site in room.holders(entry.card_id)]
    said = choose(f"Card {card} is revoked", f"카드 {card}을(를) 폐기했습니다")
    held = [(choose("held by", "비밀값을 가진 곳"), site) for site in sites]
    result = _fields(entry) | {"state": "revoked", "held_by": list[JsonValue](sites)}
    show(result, lambda: table(("", ""), [(said, ""), *held, *_status_rows(entry)]))


def _state(entry: CardEntry) -> str:
    return choose("revoked", "폐기됨") if entry.revoked else choose("out", "사용 중")


def _fields(entry: CardEntry) -> dict[str, JsonValue]:
    status = entry.status
    return {
        "card_id": entry.card_id.hex(),
        "state": "revoked" if entry.revoked else "out",
        "valid_until": entry.valid_until.isoformat(),
        "consent_record": None if entry.consent_record is None else entry.consent_record.hex(),
        "status": None if status is None else {"uri": status.uri, "index": status.index},
    }


def _rows(entry: CardEntry) -> list[tuple[str, str]]:
    record = "-" if entry.consent_record is None else entry.consent_record.hex()
    return [
        (choose("card id", "카드 번호"), entry.card_id.hex()),
        (choose("state", "상태"), _state(entry)),
        (choose("ends", "만료"), f"{entry.valid_until:%Y-%m-%d}"),
        (choose("consent record", "동의 기록"), record),
        *_status_rows(entry),
    ]


def _status_rows(entry: CardEntry) -> list[tuple[str, str]]:
    if entry.status is None:
        return []
    return [(choose("status list", "상태 목록"), f"{entry.status.uri}, {entry.status.index}")]
