"""``dongui proof``: seal a release before it is handed out; check what a person was handed as a proof."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.environment import SystemEntropy
from dongui.extras import require_extra

__all__ = ["app"]

app = typer.Typer(
    help="Proofs that a person is, or is not, in a release: seal releases, check proofs.",
    no_args_is_help=True,
)
_File = Annotated[Path, typer.Argument(help="The answer a person was handed (`rights was-my-face-used`).")]


@app.command("check")
def check(
    file: _File,
    key: Annotated[Path, typer.Option(help="The person's own copy of their key.")],
    operator_key: Annotated[Path, typer.Option(help="The operator's public keys.")],
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="A log state known from elsewhere, to compare with; else the log's word alone."),
    ] = None,
) -> None:
    """Check an answer offline: for each release in, not in, or nothing proved.

    Exit code 0 says that the proofs hold, whichever way they go.
    """
    from dongui.cli.membership_inputs import read_answer, read_key
    from dongui.cli.membership_result import answer_json, draw_answer
    from dongui.cli.receipt_inputs import read_checkpoint, read_keys
    from dongui.custody.membership_proof import check_answer

    log_key = read_keys(operator_key).log
    trusted = None if checkpoint is None else read_checkpoint(checkpoint, log_key=log_key)
    answer = check_answer(read_answer(file), key=read_key(key), log_key=log_key, trusted=trusted)
    show(answer_json(answer), lambda: draw_answer(answer))


@app.command("show")
def show_(file: _File) -> None:
    """Show what an answer claims. Nothing is checked, and whose it is cannot be seen."""
    from dongui.cli.membership_inputs import read_answer
    from dongui.cli.membership_result import seal_json
    from dongui.custody.seal import Seal

    answer = read_answer(file)
    seals = [(Seal.decode(one.statement), one.logged.index) for one in answer.seals]
    result: dict[str, JsonValue] = {
        "proved": False,
        "releases": [{**seal_json(seal), "log_index": index} for seal, index in seals],
        "decided_but_not_handed_out": list(answer.unsealed),
    }
    columns = (
        choose("decided", "결정"),
        choose("purpose", "목적"),
        choose("recipient", "수령자"),
        choose("people", "인원"),
        choose("log entry", "로그 항목"),
    )
    rows = [
        (seal.decided_at[:10], seal.purpose, seal.recipient, f"{seal.people:,}", str(index))
        for seal, index in seals
    ]
    title = choose("Claimed, not checked.", "주장일 뿐 확인되지 않았습니다.")
    show(result, lambda: table(columns, rows, title=title))


@app.command("seal")
def seal(
    release: Annotated[Path, typer.Argument(help="Folder of a decided release.")],
    desk: RequiredDesk,
    until: Annotated[
        str, typer.Option(help="Moment from which the recipient may no longer open it, with its time zone.")
    ],
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that build the tree.")] = 2,
    postgresql: PostgresqlOption = None,
) -> None:
    """Build the tree over a release's people and log its root; before that nothing opens the release.

    Whoever withdrew since the release's snapshot is taken out of it first. Interrupted, give the
    same command again.
    """
    require_extra("custody")
    from dongui.cli.membership_inputs import open_keys, places_of, read_until, register_of
    from dongui.cli.membership_result import seal_json
    from dongui.cli.stopped import take_out_since
    from dongui.custody.release_opening import read_release
    from dongui.custody.release_seal import seal_release
    from dongui.custody.standing import ReleaseLog

    moment = read_until(until)
    with (
        open_desk(desk) as opened,
        open_keys(opened) as keys,
        progress("Sealing.", "봉인하고 있습니다.") as say,
    ):
        found = read_release(release, key=opened.keys.log)
        places_of(opened.path).note(found)
        taken = take_out_since(opened, found, postgresql)
        sealed = seal_release(
            release,
            register=register_of(desk),
            keys=keys,
            log=ReleaseLog(opened.log, opened.keys.log),
            open_until=moment,
            entropy=SystemEntropy(),
            processes=processes,
            progress=lambda done, total: say(f"{done:,} / {total:,}"),
        )
    result: dict[str, JsonValue] = {**seal_json(sealed.seal), "log_index": sealed.index, "taken_out": taken}
    said = choose(
        f"Sealed: {sealed.seal.people:,} people, entry {sealed.index} of the log.",
        f"봉인했습니다: {sealed.seal.people:,}명, 로그의 항목 {sealed.index}.",
    )
    show(result, said)
