"""``dongui release show``, ``list`` and ``correct``: what was decided, and what is taken out of it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from dongui.cli.custody_options import PostgresqlOption, open_ledger, parse_id
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, show, table
from dongui.errors import Misuse
from dongui.extras import require_extra

if TYPE_CHECKING:
    from dongui.custody.release_opening import VerifiedRelease
    from dongui.desk import Desk

__all__ = ["correct", "list_", "show_release"]

_Folder = Annotated[Path, typer.Argument(help="Folder of the release.")]


def show_release(release: _Folder, desk: RequiredDesk) -> None:
    """Show a release: its entry proved, every file compared, what was taken out since."""
    require_extra("custody")
    from dongui.custody.corrections import read_corrections
    from dongui.custody.release_opening import effective_released, read_release, require_files
    from dongui.custody.release_seal import SEAL

    with open_desk(desk) as opened:
        found = read_release(release, key=opened.keys.log)
    require_files(found)
    counts = found.manifest["counts"]
    result: dict[str, JsonValue] = {
        "release": found.id.hex(),
        "log_index": found.logged.index,
        "question": found.manifest["question"],
        "decided_at": found.manifest["decided_at"],
        "counts": counts,
        "sealed": (release / SEAL).is_file(),
        "corrections": len(read_corrections(release, found.id)),
        "may_be_used": len(effective_released(found)),
    }
    show(result, lambda: _drawn(found, result))


def _drawn(found: VerifiedRelease, result: dict[str, JsonValue]) -> RenderableType:
    question = found.manifest["question"]
    rows = list(question.items()) if isinstance(question, dict) else []
    rows += [
        (name, result[name]) for name in ("decided_at", "log_index", "sealed", "corrections", "may_be_used")
    ]
    return table(("", ""), [(str(name), str(value)) for name, value in rows], title=found.id.hex())


def list_(desk: RequiredDesk) -> None:
    """List every release of a desk: the sealed ones, and the places in the log of those that are not."""
    require_extra("custody")
    from dongui.cli.membership_inputs import register_of
    from dongui.cli.membership_result import seal_json
    from dongui.custody.asking import decisions
    from dongui.custody.release_seal import Register

    with open_desk(desk) as opened:
        sealed = Register(register_of(desk), key=opened.keys.log).sealed()
        decided = decisions(opened.log, opened.log.checkpoint().size)
    known = {one.seal.decided for one in sealed}
    unsealed = [index for index in decided if index not in known]
    result: dict[str, JsonValue] = {
        "sealed": [{**seal_json(one.seal), "log_index": one.index} for one in sealed],
        "unsealed": unsealed,
    }
    rows = [
        (
            one.seal.release.hex(),
            one.seal.purpose,
            one.seal.recipient,
            f"{one.seal.people:,}",
            one.seal.decided_at,
        )
        for one in sealed
    ]
    columns = (
        choose("release", "제공"),
        choose("purpose", "목적"),
        choose("recipient", "제공받는 자"),
        choose("people", "사람"),
        choose("decided", "결정"),
    )
    places = ", ".join(map(str, unsealed)) or choose("none", "없음")
    title = choose(f"Not sealed, by place in the log: {places}", f"봉인되지 않음(로그의 자리): {places}")
    show(result, lambda: table(columns, rows, title=title))


def correct(
    release: _Folder,
    person: Annotated[str, typer.Option(help="Id of the person in custody: 32 hexadecimal digits.")],
    desk: RequiredDesk,
    position: Annotated[
        int, typer.Option(min=0, help="Place in the log of what they said, such as their withdrawal.")
    ] = 0,
    postgresql: PostgresqlOption = None,
) -> None:
    """Take a person out of a finished release: a logged line beside the manifest, which never changes.

    Whoever opens the release gets fewer records from then on. Given twice, it happens once. Where the folder
    is now, is noted: a withdrawal finds it there.
    """
    require_extra("custody")
    from dongui.cli.membership_inputs import places_of
    from dongui.custody.release_opening import read_release
    from dongui.custody.standing import ReleaseLog
    from dongui.custody.withdrawal import positions_of, take_out

    with open_desk(desk) as opened:
        found = read_release(release, key=opened.keys.log)
        somebody = _named(opened, found, person, postgresql)
        if somebody is None or positions_of(found, somebody) is None:
            raise Misuse("release.person-not-in-it", f"release {found.id.hex()}")
        places_of(opened.path).note(found)
        log = ReleaseLog(opened.log, opened.keys.log)
        index = take_out(found, somebody, position=position, log=log, entropy=opened.entropy)
    said = (
        choose("They were out already.", "이미 제외되어 있습니다.")
        if index is None
        else choose(f"Taken out: entry {index} of the log.", f"제외했습니다: 로그의 항목 {index}.")
    )
    show({"release": found.id.hex(), "log_index": index}, said)


def _named(desk: Desk, found: VerifiedRelease, person: str, postgresql: str | None) -> int | bytes | None:
    """Return the person as the release names people: by id, or by the ledger's number."""
    from dongui.custody.schema import Layout
    from dongui.custody.withdrawal import layout_of

    identity = parse_id(person)
    if layout_of(found) is Layout.GENERAL:
        return identity
    with open_ledger(desk, postgresql) as ledger:
        return ledger.number(identity)
