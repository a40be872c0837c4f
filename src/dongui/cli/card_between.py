"""``dongui card`` between sites: its secret passed on and taken, its revocation told, the status list."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, show, table
from dongui.cli.trust_option import default_limits
from dongui.cli.writing import require_place, write_once
from dongui.desk.trust_folder import load_trust
from dongui.documents.recognising import Kind
from dongui.documents.staff_card.cwt import StaffCardIssuers
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

__all__ = ["accept", "apply_revocation", "card_id", "export_secret", "revocation_notice", "status_list"]

_MAX_FILE_BYTES = 4_096
_CardId = Annotated[str, typer.Argument(help="Id of the card: 32 hexadecimal digits, printed on it.")]
_Trust = Annotated[
    Path, typer.Option("--trust", help="Folder of who is believed: the issuer's key in its staff-card/.")
]
_Out = Annotated[Path, typer.Option(help="The new file.")]


def export_secret(
    card: _CardId,
    desk: RequiredDesk,
    site: Annotated[Path, typer.Option(help="card-site.pub of the site that is to read the card.")],
    out: _Out,
    days: Annotated[int, typer.Option(min=1, max=31, help="Days in which the site may take it.")] = 7,
) -> None:
    """Write a card's secret for one other site that may read the card.

    Signed by this desk, encrypted to that site: nobody else can open the file. The site takes it with
    `dongui card accept`. The register remembers who was given it, for the day the card is revoked.
    """
    from dongui.desk.card_sites import export_secret as export
    from dongui.desk.cards import CardRoom, read_site

    require_place(out)
    to = read_site(_read(site, "site key"))
    with open_desk(desk) as opened, CardRoom(opened) as room:
        sealed = export(room, card_id(card), to, valid_for=timedelta(days=days))
    write_once(out, sealed, private=True)
    said = choose(f"Secret for {to.audience} in {out}", f"{to.audience}에 보낼 비밀값: {out}")
    show({"card_id": card, "site": to.audience, "file": str(out), "days": days}, said)


def accept(
    file: Annotated[Path, typer.Argument(help="What `dongui card export-secret` wrote for this site.")],
    desk: RequiredDesk,
    trust: _Trust,
    consent: Annotated[str, typer.Option(help="Id of the employee's consent record at this desk.")],
    purpose: Annotated[str, typer.Option(help="The purpose consented to.")] = "staff-entrance",
) -> None:
    """Take the secret of a card another desk made, so that it is read here too.

    The employee consents here as well: `dongui card consent --issuer` names whose number theirs is. Refused
    when the file was sealed for another site, is over, or its card was revoked.
    """
    from dongui.desk.card_sites import accept_secret
    from dongui.desk.cards import CardRoom

    record = _record(consent)
    with open_desk(desk) as opened, CardRoom(opened) as room:
        entry = accept_secret(
            room,
            _read(file, "card's secret"),
            issuers=_issuers(trust),
            purpose=opened.purpose(purpose),
            consent_record=record,
        )
    shown, until = entry.card_id.hex(), f"{entry.valid_until:%Y-%m-%d}"
    result: dict[str, JsonValue] = {
        "card_id": shown,
        "valid_until": entry.valid_until.isoformat(),
        "consent_record": record.hex(),
    }
    show(result, choose(f"Card {shown} is read here until {until}", f"카드 {shown}: {until}까지 사용"))


def revocation_notice(card: _CardId, desk: RequiredDesk, out: _Out) -> None:
    """Write the signed notice that a card is revoked, for the sites that were given its secret."""
    from dongui.desk.card_sites import revocation_notice as notice
    from dongui.desk.cards import CardRoom

    require_place(out)
    with open_desk(desk) as opened, CardRoom(opened) as room:
        signed = notice(room, card_id(card))
        sites = [site.audience for site in room.holders(card_id(card))]
    write_once(out, signed, private=False)
    said = choose(f"Notice in {out}, for: {_list(sites)}", f"통지: {out}, 받을 곳: {_list(sites)}")
    show({"card_id": card, "file": str(out), "held_by": list[JsonValue](sites)}, said)


def apply_revocation(
    file: Annotated[Path, typer.Argument(help="What `dongui card revocation-notice` wrote.")],
    desk: RequiredDesk,
    trust: _Trust,
) -> None:
    """Revoke a card because its issuer did: no copy of it works here any more.

    A card that was never taken here is remembered, and will not be.
    """
    from dongui.desk.card_sites import apply_revocation as apply
    from dongui.desk.cards import CardRoom

    with open_desk(desk) as opened, CardRoom(opened) as room:
        shown = apply(room, _read(file, "revocation notice"), issuers=_issuers(trust)).hex()
    show({"card_id": shown, "state": "revoked"}, choose(f"Card {shown} is revoked", f"카드 {shown} 폐기"))


def status_list(
    desk: RequiredDesk,
    uri: Annotated[str, typer.Option(help="The list's address, as it stands in the cards.")],
    out: _Out,
    size: Annotated[
        int | None, typer.Option(min=1, max=2**24, help="Places there are; enough by default.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=31, help="Days for which the list holds.")] = 1,
) -> None:
    """Write the issuer's status list with the places of revoked cards marked, to be published.

    A JWT (Token Status List), signed with the key that signs the cards. Publish it at its address, at least
    daily: a site that has only an old one answers *undetermined*.
    """
    from dongui.desk.card_status import card_status_list
    from dongui.desk.cards import CardRoom

    require_place(out)
    with open_desk(desk) as opened, CardRoom(opened) as room:
        signed = card_status_list(room, uri, size=size, lifetime=timedelta(days=days))
    write_once(out, signed, private=False)
    show({"uri": uri, "file": str(out), "bytes": len(signed)}, lambda: table(("", ""), [(uri, str(out))]))


def card_id(text: str) -> bytes:
    """Read a card's id. Raises ``Misuse`` (``card.unknown``)."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Misuse("card.unknown", "a card's id has 32 hexadecimal digits") from None


def _record(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Misuse("consent.unknown-record", "a record's id has 32 hexadecimal digits") from None


def _issuers(folder: Path) -> StaffCardIssuers:
    trust = load_trust(folder, limits=default_limits(), kind=Kind.STAFF_CARD)
    return StaffCardIssuers.from_files(trust.require_staff_card().issuers)


def _read(path: Path, what: str) -> bytes:
    with SecretBuffer.read_file(path, max_bytes=_MAX_FILE_BYTES, what=what) as content:
        return bytes(content.view)


def _list(sites: list[str]) -> str:
    return ", ".join(sites) or "-"
