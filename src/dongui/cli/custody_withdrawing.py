"""``dongui custody withdraw``, ``carry-out``, ``unfinished``: from a withdrawal to the person's receipt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption, parse_id
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, progress, show
from dongui.cli.release_names import ArtefactName
from dongui.cli.writing import make_folder
from dongui.errors import Misuse, Refused
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from dongui.cli.carrying_out_inputs import HandedOut, NotYet
    from dongui.custody.carrying_out import CarryingOut, Match, Unfinished
    from dongui.desk import Desk

__all__ = ["carry_out", "unfinished", "withdraw"]

_Receipts = Annotated[
    Path, typer.Option(help="Folder for what is handed to people: a receipt for each withdrawal.")
]
_Pack = Annotated[str, typer.Option(help="Rule pack whose due dates hold.")]
_ALL = "Only the consents to this one; all by default."


def withdraw(
    person: Annotated[str, typer.Option(help="Id of the person in custody: 32 hexadecimal digits.")],
    receipts: _Receipts,
    desk: RequiredDesk,
    purpose: Annotated[str, typer.Option(help=f"Id of a purpose. {_ALL}")] = "",
    recipient: Annotated[str, typer.Option(help=f"Id of a recipient. {_ALL}")] = "",
    artefact: Annotated[ArtefactName | None, typer.Option(help=f"What it is about. {_ALL}")] = None,
    pack: _Pack = "PIPA_2025_10",
    postgresql: PostgresqlOption = None,
) -> None:
    """Withdraw a person's consents and carry it out: ledger, releases, recipients, models, receipt.

    Logged in the ledger first; then out of every release that rests on it, subtracted from every model
    trained over one, a signed notice with a due date for every recipient, a receipt for the person.
    Interrupted, give the same command again: it goes on.
    """
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.carrying_out_inputs import lines_of, not_yet_json, open_carrying_out

    somebody, match = parse_id(person), _match(purpose, recipient, artefact)
    make_folder(receipts)
    with open_desk(desk) as opened, open_carrying_out(opened, pack, postgresql) as carrying:
        said = carrying.say(somebody, match)
        if not said and not any(match(event.key) for event in carrying.ledger.events_of(somebody)):
            raise Misuse("custody.nothing-to-withdraw", "the ledger has no such consent of this person")
        taken = carrying.take_out()
        handed = _carry_out_one(opened, carrying, somebody, match, receipts)
        left = _left_of(carrying, somebody, handed)
    result: dict[str, JsonValue] = {
        "withdrawn": [event.position for event in said],
        "taken_out_of": taken,
        "carried_out": [one.to_json() for one in handed],
        "not_yet": not_yet_json(left),
    }
    show(result, lines_of(_said(handed), left))


def carry_out(
    receipts: _Receipts, desk: RequiredDesk, pack: _Pack = "PIPA_2025_10", postgresql: PostgresqlOption = None
) -> None:
    """Carry out every withdrawal and end that stands in the ledger and was not carried out yet.

    Such as those that came in with `custody import`. Interrupted, give the same command again. Run it daily.
    """
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.carrying_out_inputs import lines_of, missing_releases, not_yet_json, open_carrying_out

    make_folder(receipts)
    handed: list[HandedOut] = []
    with (
        open_desk(desk) as opened,
        open_carrying_out(opened, pack, postgresql) as carrying,
        progress("Carrying out.", "이행하고 있습니다.") as say,
    ):
        size = opened.log.checkpoint().size
        taken, people = carrying.take_out(), carrying.all_open_acts()
        for number, somebody in enumerate(people, start=1):
            handed += _carry_out_one(opened, carrying, somebody, lambda _key: True, receipts)
            say(f"{number:,} / {len(people):,}")
        handed += _hand_out_begun(opened, carrying, postgresql, receipts)
        # What nobody's release or model rests on is carried out by having been looked at.
        carrying.forgetting.store.carry_out([], through=size)
        left = missing_releases(carrying.look().missing)
    result: dict[str, JsonValue] = {
        "people": len(people),
        "taken_out_of": taken,
        "carried_out": [one.to_json() for one in handed],
        "not_yet": not_yet_json(left),
    }
    show(result, lines_of(_said(handed), left))


def unfinished(desk: RequiredDesk, postgresql: PostgresqlOption = None) -> None:
    """Look for people who withdrew and are still given out or trained on. Exit code 1 if there are any.

    Erasures that stopped half way are named by their requests. A vault is not looked into. No person is
    named, and nothing is changed.
    """
    require_extra("custody")
    from dongui.cli.carrying_out_inputs import lines_of, missing_releases, not_yet_json, open_carrying_out

    with open_desk(desk) as opened:
        with open_carrying_out(opened, "PIPA_2025_10", postgresql) as carrying:
            found = carrying.look()
        erasures = _erasures_begun(opened, postgresql)
    if erasures or not found.is_nothing:
        raise Refused("custody.unfinished", "; ".join([*_counts(found), *erasures]))
    left = missing_releases(found.missing)
    said = choose("Everything was carried out.", "모두 이행했습니다.")
    show({"not_yet": not_yet_json(left)}, lines_of(said, left))


def _match(purpose: str, recipient: str, artefact: ArtefactName | None) -> Match:
    return lambda key: (
        purpose in ("", key.purpose)
        and recipient in ("", key.recipient)
        and (artefact is None or artefact.value == key.artefact.name.lower())
    )


def _carry_out_one(
    desk: Desk, carrying: CarryingOut, person: bytes, match: Match, receipts: Path
) -> list[HandedOut]:
    """Carry out what a person ended; what an interrupted command had begun has a receipt of its own."""
    from dongui.cli.carrying_out_inputs import hand_out

    handed: list[HandedOut] = []
    while acts := carrying.open_acts(person, match):
        handed.append(hand_out(desk, carrying, carrying.carry_out(person, acts), receipts))
    return handed


def _hand_out_begun(
    desk: Desk, carrying: CarryingOut, postgresql: str | None, receipts: Path
) -> list[HandedOut]:
    """Finish whatever another command had begun, such as `model forget`, and hand out its receipts."""
    from dongui.cli.carrying_out_inputs import hand_out

    erasing = bool(_erasures_begun(desk, postgresql))
    return [
        hand_out(desk, carrying, undoing, receipts)
        for undoing in carrying.forgetting.resume()
        # An erasure that goes on must find its own: without it it would tell everybody a second time.
        if undoing.positions or not erasing
    ]


def _left_of(carrying: CarryingOut, person: bytes, handed: Sequence[HandedOut]) -> list[NotYet]:
    from dongui.cli.carrying_out_inputs import (
        NotYet,
        missing_releases,
        notices_to_send,
        vault_not_looked_at,
    )

    left = missing_releases([one for one in carrying.places.known() if one.release not in carrying.at_hand()])
    left += notices_to_send(sum(len(one.notices) for one in handed))
    standing = {event.key: event.kind.stands for event in carrying.ledger.events_of(person)}
    if count := sum(standing.values()):
        left.append(
            NotYet(
                "other-consents",
                f"{count} other consents of this person stand; without --purpose, --recipient and "
                "--artefact all are withdrawn.",
                f"이 사람의 다른 동의 {count}건은 유효합니다. --purpose, --recipient, --artefact 없이 "
                "실행하면 모두 철회합니다.",
            )
        )
    return [*left, vault_not_looked_at()]


def _said(handed: Sequence[HandedOut]) -> str:
    models = len({model for one in handed for model in one.undoing.models})
    notices = sum(len(one.notices) for one in handed)
    if not handed:
        return choose("Nothing was left to carry out.", "더 이행할 것이 없습니다.")
    due = min(one.undoing.due for one in handed)[:10]
    files = str(handed[0].receipt) if len(handed) == 1 else str(handed[0].receipt.parent)
    return choose(
        f"Carried out: {len(handed)} withdrawals, forgotten in {models} models, {notices} notices to send, "
        f"due {due}. Hand {files} to the person.",
        f"이행했습니다: 철회 {len(handed)}건, 모델 {models}개에서 잊음, 보낼 통지 {notices}건, 기한 {due}. "
        f"{files}을(를) 본인에게 전달하십시오.",
    )


def _erasures_begun(desk: Desk, postgresql: str | None) -> list[str]:
    """Name the erasures that were begun and not ended: `rights fulfil` goes on with each."""
    from dongui.cli.rights_stores import open_office
    from dongui.custody.rights.kinds import Happening

    with open_office(desk, postgresql) as office:
        begun = [
            one.id.hex()
            for one in office.book.all()
            if one.is_open and any(event.kind is Happening.STEP_BEGUN for event in one.events)
        ]
    return [
        f"erasure {number} was begun and is not done: `dongui rights fulfil {number}`" for number in begun
    ]


def _counts(found: Unfinished) -> list[str]:
    parts = [f"{found.acts} people's withdrawals not carried out"] if found.acts else []
    parts += [f"{count} people still in release {one.hex()}" for one, count in found.in_releases.items()]
    parts += [f"{count} people still in model {one.hex()}" for one, count in found.in_models.items()]
    parts += [f"{found.undoings} begun, without a receipt handed out"] if found.undoings else []
    return parts
