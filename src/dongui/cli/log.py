"""``dongui log``: what the log says, whether it is sound, and proofs to hand out."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from dongui.cli import log_inputs as inputs
from dongui.cli.desk_option import OptionalDesk, RequiredDesk
from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.cli.receipt_inputs import read_bundle, read_keys
from dongui.cli.writing import NewFile, require_absent, write_together
from dongui.errors import Misuse
from dongui.log.checking import CheckedLog, check_log
from dongui.log.checkpoint import VerifiedCheckpoint
from dongui.log.entry import Entry
from dongui.log.proof_file import VerifiedEntry, format_proof, verify_proof
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.trusting import write_trusted
from dongui.storage.sqlite.log import SqliteLogReader

__all__ = ["app"]

app = typer.Typer(help="The verifiable log: show it, check it, prove an entry.", no_args_is_help=True)

_MOST_ENTRIES = 1_000


@app.command("show")
def show_(
    desk: RequiredDesk,
    last: Annotated[
        int, typer.Option(min=0, max=_MOST_ENTRIES, help="How many of the last entries to show.")
    ] = 10,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Also write the signed checkpoint to this new file, to be kept elsewhere."),
    ] = None,
) -> None:
    """Show the log's size, root, signed checkpoint and last entries.

    An entry is a kind and a commitment: nobody can read from it whom it concerns, or what was found.
    """
    if checkpoint is not None:
        require_absent(checkpoint)
    with inputs.open_log(desk) as log:
        state = log.checkpoint()
        entries = [(index, log.entry(index)) for index in range(max(0, state.size - last), state.size)]
    files = _write(NewFile(checkpoint, state.note, private=False) if checkpoint else None)
    result: dict[str, JsonValue] = {
        **_state(state),
        "checkpoint": state.note.decode(),
        "entries": [{"index": index, **_entry(entry)} for index, entry in entries],
        "files": files,
    }
    show(result, lambda: _drawn(state, entries))


@app.command("check")
def check(
    desk: OptionalDesk = None,
    extends: Annotated[
        Path | None, typer.Option(help="With --desk: a checkpoint kept elsewhere that the log must extend.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option(help="Instead: a proof file, checked without desk and network.")
    ] = None,
    operator_key: Annotated[
        Path | None, typer.Option(help="With --proof: the operator's public keys.")
    ] = None,
) -> None:
    """Check the whole log of a desk, or one proof.

    Of a log every entry, every node of the tree and every checkpoint is recomputed and compared; the first
    fault is named with its place. Without --extends it cannot be known that the log is the newest copy.
    """
    if proof is not None:
        # A desk may be set by the environment; a proof does not need it.
        if operator_key is None or extends is not None:
            raise Misuse("log.options-incomplete", "--proof goes with --operator-key, and not with --extends")
        key = read_keys(operator_key).log
        _show_verified(verify_proof(inputs.read_proof(proof), origin=key.name, key=key))
    elif desk is None or operator_key is not None:
        raise Misuse("log.options-incomplete", "give --desk DIR, or --proof FILE and --operator-key FILE")
    else:
        _check_desk(desk, extends)


@app.command("prove")
def prove(
    desk: RequiredDesk,
    index: Annotated[int | None, typer.Argument(help="Index of the entry, from 0.")] = None,
    receipt: Annotated[Path | None, typer.Option(help="Instead: the receipt whose entry to prove.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the proof to this new file (.tlog-proof).")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="With --receipt: also write the log's state and the proof that leads to it from the "
            "receipt's, for `receipt check --checkpoint`."
        ),
    ] = None,
) -> None:
    """Prove that an entry is in the log as it is now: a file that can be checked without a network."""
    if (index is None) is (receipt is None):
        raise Misuse("log.options-incomplete", "give either the index of an entry or --receipt FILE")
    if checkpoint is not None and receipt is None:
        raise Misuse("log.options-incomplete", "--checkpoint goes with --receipt")
    require_absent(*(path for path in (out, checkpoint) if path is not None))
    bundle = None if receipt is None else read_bundle(receipt)
    with inputs.open_log(desk) as log:
        place = inputs.find_receipt(log, bundle) if bundle is not None else index or 0
        state = log.checkpoint()
        entry, path = log.entry(place), log.inclusion(place, state.size)
        trusted = None if bundle is None else _leading_here(log, bundle, state)
    content = format_proof(entry, path, state)
    files = _write(
        NewFile(out, content, private=False) if out else None,
        NewFile(checkpoint, trusted, private=False) if checkpoint and trusted else None,
    )
    result: dict[str, JsonValue] = {
        **_state(state),
        "index": place,
        "entry": _entry(entry),
        "hashes": [_base64(value) for value in path.hashes],
        "proof": content.decode(),
        "files": files,
    }
    show(result, lambda: "\n".join(files) or content.decode().removesuffix("\n"))


def _check_desk(desk: Path, extends: Path | None) -> None:
    with inputs.look(desk) as stored, progress("Checking the log", "로그를 검사합니다") as tell:

        def told(done: int, size: int) -> None:
            tell(
                choose(
                    f"{done:,} of {size:,} entries ({done / size:.0%})",
                    f"{size:,}개 중 {done:,}개 ({done / size:.0%})",
                )
            )

        checked = check_log(stored, progress=told)
        seen = None if extends is None else inputs.read_checkpoint(extends, key=stored.key)
    if seen is not None:
        with inputs.open_log(desk) as log:
            log.require_extends(seen)
    _show_checked(checked, seen)


def _leading_here(log: SqliteLogReader, bundle: ReceiptBundle, state: VerifiedCheckpoint) -> bytes:
    old = bundle.proof.size
    return write_trusted(state, log.consistency(old, state.size) if old < state.size else None)


def _write(*files: NewFile | None) -> list[str]:
    wanted = [file for file in files if file is not None]
    write_together(wanted)
    return [str(file.path) for file in wanted]


def _show_checked(checked: CheckedLog, seen: VerifiedCheckpoint | None) -> None:
    result: dict[str, JsonValue] = {
        "size": checked.size,
        "root": _base64(checked.root),
        "checkpoints": checked.checkpoints,
        "entries": {kind.value: count for kind, count in checked.entries.items()},
        "extends": None if seen is None else seen.size,
    }
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in checked.entries.items() if count)
    rows = [
        (choose("entries", "항목"), f"{checked.size:,} ({kinds})" if kinds else "0"),
        (choose("checkpoints", "체크포인트"), f"{checked.checkpoints:,}"),
        (choose("root", "루트"), _base64(checked.root)),
        (choose("extends", "이어지는 상태"), _extended(seen)),
    ]
    show(
        result,
        lambda: Group(table(("", ""), rows), choose("The log is sound.", "로그에 이상이 없습니다.")),
        outcome="ok",
    )


def _extended(seen: VerifiedCheckpoint | None) -> str:
    if seen is None:
        return choose(
            "not compared with a checkpoint kept elsewhere", "따로 보관한 체크포인트와 비교하지 않음"
        )
    return choose(f"the checkpoint over {seen.size:,} entries", f"항목 {seen.size:,}개 때의 체크포인트")


def _show_verified(found: VerifiedEntry) -> None:
    result: dict[str, JsonValue] = {
        **_state(found.checkpoint),
        "index": found.index,
        "entry": _entry(found.entry),
    }
    origin, size = found.checkpoint.checkpoint.origin, found.checkpoint.size
    said = choose(
        f"Entry {found.index} ({found.entry.kind}) is in the log {origin} of {size:,} entries.",
        f"항목 {found.index}({found.entry.kind})은 항목 {size:,}개의 로그 {origin}에 있습니다.",
    )
    show(result, said, outcome="ok")


def _drawn(state: VerifiedCheckpoint, entries: list[tuple[int, Entry]]) -> RenderableType:
    facts = [
        (choose("log", "로그"), state.checkpoint.origin),
        (choose("entries", "항목"), f"{state.size:,}"),
        (choose("root", "루트"), _base64(state.root)),
    ]
    columns = (choose("entry", "항목"), choose("kind", "종류"), choose("commitment", "커밋먼트"))
    rows = [(str(index), entry.kind.value, entry.commitment.hex()) for index, entry in entries]
    return Group(table(("", ""), facts), "", table(columns, rows), "", Text(state.note.decode().rstrip("\n")))


def _state(state: VerifiedCheckpoint) -> dict[str, JsonValue]:
    return {"origin": state.checkpoint.origin, "size": state.size, "root": _base64(state.root)}


def _entry(entry: Entry) -> dict[str, JsonValue]:
    return {"kind": entry.kind.value, "commitment": entry.commitment.hex()}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
