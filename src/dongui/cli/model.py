"""``dongui model``: train what can be forgotten exactly, forget, publish, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.cli.custody_options import PostgresqlOption
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.extras import require_extra

if TYPE_CHECKING:
    from dongui.custody.training import Trained

__all__ = ["app"]

app = typer.Typer(
    help="Models trained on releases: train, forget a person exactly, publish, check.", no_args_is_help=True
)
_Model = Annotated[str, typer.Argument(help="Id of the model: 32 hexadecimal digits.")]
_Keys = Annotated[
    Path, typer.Option(envvar="DONGUI_VAULT_KEYS", help="Folder of the people's keys to the vault.")
]
_Master = Annotated[
    str,
    typer.Option(envvar="DONGUI_VAULT_MASTER", help="Master key of the vault, as `dongui vault` takes it."),
]
_Pack = Annotated[str, typer.Option(help="Rule pack whose due dates hold.")]
_Ledger = Annotated[
    Path | None, typer.Option(help="The consent ledger, which numbers people; else the desk's own.")
]
_Elsewhere = Annotated[
    list[Path] | None,
    typer.Option(help="Folder of a release the desk did not decide, to take the person out of."),
]


@app.command("train")
def train(
    release: Annotated[Path, typer.Option(help="Folder of a release, decided for training on templates.")],
    vault: Annotated[Path, typer.Option(help="Folder of the vault that keeps the released pictures.")],
    keys: _Keys,
    desk: RequiredDesk,
    master: _Master,
    postgresql: PostgresqlOption = None,
) -> None:
    """Train a projection and score calibration over the recogniser's features of a release, and log it.

    The release must be this desk's own to open, and rest on the people's consent to templates for training.
    Whoever withdrew since it was decided is left out.
    Nothing derived from a picture is written in clear.
    """
    require_extra("custody")
    from dongui.biometrics.instruments import Instruments
    from dongui.cli.model_inputs import open_models, open_training
    from dongui.cli.vault_inputs import open_at
    from dongui.custody.features import PictureFeatures
    from dongui.custody.training import train as train_model
    from dongui.custody.vault_pictures import VaultPictures
    from dongui.desk.desk import models_cache
    from dongui.memory import forbid_core_dumps

    forbid_core_dumps()
    with (
        open_desk(desk) as opened,
        open_models(opened) as kept,
        open_at(vault, keys, master, write=False) as pictures,
        progress("Training.", "학습 중입니다.") as say,
    ):
        trained_on = open_training(opened, release, postgresql)
        instruments = Instruments.load(cache=models_cache(), progress=say)
        source = PictureFeatures(VaultPictures(pictures), instruments=instruments)
        done = train_model(
            trained_on,
            source,
            store=kept.store,
            keys=kept.keys,
            log=opened.log,
            controller=opened.entry.id,
            clock=opened.clock,
            entropy=opened.entropy,
            progress=lambda done, total: say(f"{done:,} / {total:,}"),
        )
    _show_trained(done, source.skipped)


def _show_trained(done: Trained, skipped: int) -> None:
    result: dict[str, JsonValue] = {
        "model": done.model.id.hex(),
        "log_index": done.place,
        "people": done.people,
        "vectors": done.vectors,
        "people_without_usable_picture": done.without,
        "pictures_skipped": skipped,
    }
    said = choose(
        f"Model {done.model.id.hex()}: {done.people:,} people, {done.vectors:,} vectors; entry {done.place} "
        "of the log.",
        f"모델 {done.model.id.hex()}: {done.people:,}명, 벡터 {done.vectors:,}개, 로그의 항목 {done.place}.",
    )
    show(result, said)


@app.command("forget")
def forget(
    person: Annotated[str, typer.Argument(help="Id of the person in custody: 32 hexadecimal digits.")],
    out: Annotated[Path, typer.Option(help="Write the person's receipt to this new file.")],
    desk: RequiredDesk,
    ledger: _Ledger = None,
    release: _Elsewhere = None,
    pack: _Pack = "PIPA_2025_10",
) -> None:
    """Take a person out of every model exactly and of every release; tell recipients; write their receipt.

    The ledger is not told: `custody withdraw` does that too, and all of this. Interrupted, give the same
    command again: it goes on.
    """
    require_extra("custody")
    from dongui.cli.carrying_out_inputs import (
        consents_stand,
        lines_of,
        not_yet_json,
        vault_not_looked_at,
    )
    from dongui.cli.membership_inputs import ledger_of
    from dongui.cli.model_inputs import hand_receipt, keep_notices, open_models, standing, withdrawal_of

    with open_desk(desk) as opened, open_models(opened) as kept:
        forgetting, known = kept.forgetting(opened, pack), ledger or ledger_of(desk)
        undone = forgetting.withdraw(withdrawal_of(opened, person, known, release or []))
        notices = keep_notices(opened, undone.id.hex(), undone.notices)
        hand_receipt(out, undone, forgetting, opened.keys)
        # Only now is the receipt the person's, and nothing of the withdrawal needs to be kept.
        kept.store.close_undoing(undone.id)
        left = [*consents_stand(standing(bytes.fromhex(person), known)), vault_not_looked_at()]
    result: dict[str, JsonValue] = {
        "withdrawal": undone.id.hex(),
        "models": [model.hex() for model in undone.models],
        "due": undone.due,
        "log_index": undone.place,
        "notices": [str(path) for path in notices],
        "receipt": str(out),
        "not_yet": not_yet_json(left),
    }
    said = choose(
        f"Forgotten in {len(undone.models)} models. {len(notices)} notices to send, due {undone.due[:10]}. "
        f"Hand {out} to the person.",
        f"모델 {len(undone.models)}개에서 잊었습니다. 보낼 통지 {len(notices)}건, 기한 {undone.due[:10]}. "
        f"{out}을(를) 본인에게 전달하십시오.",
    )
    show(result, lines_of(said, left))


@app.command("resume")
def resume(desk: RequiredDesk, pack: _Pack = "PIPA_2025_10") -> None:
    """Finish what an interrupted command began, and take back published models whose due date is over."""
    require_extra("custody")
    from dongui.cli.model_inputs import keep_notices, open_models

    with open_desk(desk) as opened, open_models(opened) as kept:
        finished = kept.forgetting(opened, pack).resume()
        notices = [
            path for undone in finished for path in keep_notices(opened, undone.id.hex(), undone.notices)
        ]
        taken_back = kept.publishing(opened).review()
        for model, answer in taken_back:
            notices += keep_notices(opened, f"{model.id.hex()}-{model.published}", answer.notices)
    result: dict[str, JsonValue] = {
        "withdrawals": [undone.id.hex() for undone in finished],
        "taken_back": [model.id.hex() for model, _ in taken_back],
        "notices": [str(path) for path in notices],
    }
    said = choose(
        f"{len(finished)} withdrawals are done, {len(taken_back)} models were taken back.",
        f"철회 {len(finished)}건이 끝났고 모델 {len(taken_back)}개를 회수했습니다.",
    )
    show(result, said)


@app.command("publish")
def publish(
    model: _Model,
    recipient: Annotated[str, typer.Option("--to", help="Id of whoever gets it.")],
    out: Annotated[Path, typer.Option(help="Folder to make for the model; it must not exist yet.")],
    desk: RequiredDesk,
) -> None:
    """Write a model, its statistics, proof and bill of materials for a recipient, or say what it waits for.

    Two published versions differ by at least ten people. Exit code 3 while it waits; where the due date is
    over, the published version is taken back.
    """
    require_extra("custody")
    from dongui.cli.model_inputs import keep_notices, open_models, parse_model
    from dongui.cli.model_result import draw_publication, publication_json, require_published
    from dongui.custody.publication import find_model

    with open_desk(desk) as opened, open_models(opened) as kept:
        found = find_model(kept.store, parse_model(model))
        answer = kept.publishing(opened).publish(found.id, recipient=recipient, out=out)
        notices = keep_notices(opened, f"{model}-{found.published}", answer.notices)
    require_published(answer)
    files: list[JsonValue] = [str(path) for path in notices]
    show({**publication_json(answer), "notices": files}, lambda: draw_publication(answer, out))


@app.command("list")
def list_(desk: RequiredDesk) -> None:
    """List the models of a desk: from which release, how often somebody was forgotten, what is published."""
    require_extra("custody")
    from dongui.cli.model_inputs import open_models
    from dongui.cli.model_result import draw_models, model_json

    with open_desk(desk) as opened, open_models(opened) as kept:
        models = kept.store.models()
    listed: list[JsonValue] = [model_json(model) for model in models]
    show({"models": listed}, lambda: draw_models(models))


@app.command("show")
def show_(model: _Model, desk: RequiredDesk) -> None:
    """Show a model's lineage: recogniser, release, seal, recipients. Nobody in it is named."""
    require_extra("custody")
    from dongui.cli.model_inputs import open_models, parse_model
    from dongui.cli.model_result import model_json
    from dongui.custody.publication import find_model

    with open_desk(desk) as opened, open_models(opened) as kept:
        found = find_model(kept.store, parse_model(model))
        handed, seal = kept.store.handed(found.id), kept.store.seal(found.id)
    recipients: list[JsonValue] = [{"recipient": one.recipient, "version": one.version} for one in handed]
    result: dict[str, JsonValue] = {
        **model_json(found),
        "statistics_sha256": seal.seal.statistics.hex(),
        "log_index": seal.place,
        "recipients": recipients,
    }
    rows = [(name, str(value)) for name, value in result.items() if name != "recipients"]
    rows += [(choose("recipient", "수령자"), f"{one.recipient}, {one.version}") for one in handed]
    columns = (choose("what", "항목"), choose("value", "값"))
    show(result, lambda: table(columns, rows, title=found.id.hex()))


@app.command("check")
def check(
    path: Annotated[Path, typer.Argument(help="Folder of a published model; file of a notice or receipt.")],
    operator_key: Annotated[Path, typer.Option(help="The operator's public keys.")],
) -> None:
    """Check offline: a published model against statistics and log, a notice, or a person's receipt."""
    from dongui.cli.model_checking import check_any
    from dongui.cli.receipt_inputs import read_keys

    checked = check_any(path, read_keys(operator_key))
    columns = (choose("what", "항목"), choose("value", "값"))
    title = choose(f"This {checked.kind} holds.", "확인되었습니다.")
    lines: list[JsonValue] = [f"{name} {value}" for name, value in checked.lines]
    show({"kind": checked.kind, "lines": lines}, lambda: table(columns, list(checked.lines), title=title))


@app.command("describe")
def describe(
    release: Annotated[Path, typer.Argument(help="Folder of a decided release.")], desk: RequiredDesk
) -> None:
    """Write a release's Croissant description anew, as the gate wrote it: should it be lost or damaged."""
    require_extra("custody")
    from dongui.custody.croissant import CROISSANT, describe_release
    from dongui.custody.release_files import write_durably
    from dongui.custody.release_opening import read_release

    with open_desk(desk) as opened:
        found = read_release(release, key=opened.keys.log)
        write_durably(release / CROISSANT, describe_release(found.manifest, entry=found.logged.index))
    show(
        {"file": str(release / CROISSANT)}, choose(f"Described in {CROISSANT}.", f"{CROISSANT}에 적었습니다.")
    )
