"""``dongui rights give-key`` and ``was-my-face-used``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from dongui.cli.output import JsonValue, choose, show
from dongui.cli.writing import NewFile, require_place, write_once, write_together
from dongui.errors import Misuse
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps

if TYPE_CHECKING:
    from dongui.custody.person_keys import PersonKey
    from dongui.desk import Desk

__all__ = ["give_key", "was_my_face_used"]

_Ledger = Annotated[
    Path | None, typer.Option(help="The consent ledger that knows the person; else the desk's own.")
]
_Code = Annotated[Path | None, typer.Option(help="Also write it as a QR code to this new PNG file.")]


def give_key(
    person: Annotated[str, typer.Option(help="Id of the person in custody: 32 hexadecimal digits.")],
    out: Annotated[Path, typer.Option(help="Write the person's copy of the key to this new file.")],
    desk: RequiredDesk,
    ledger: _Ledger = None,
    code: _Code = None,
    document: DocumentFile = None,
    trust: DocumentTrust = None,
    session_transcript: TranscriptFile = None,
    reader_key: ReaderKeyFile = None,
    nonce: DocumentNonce = None,
    audience: DocumentAudience = None,
    reader: PassportReader = None,
    mrz: PassportZone = None,
) -> None:
    """Draw a person's key, if there is none yet, log it, and write the copy that is theirs.

    With a document, its holder can later ask with it. The copy is private: whoever holds it can learn in
    which releases the person is.
    """
    require_extra("custody")
    forbid_core_dumps()
    from dongui.cli.membership_inputs import find_person, ledger_of, open_keys
    from dongui.custody.key_letter import draw_code

    held = HolderProof(document, trust, session_transcript, reader_key, nonce, audience, reader, mrz)
    somebody = find_person(person, ledger or ledger_of(desk))
    require_place(out, *([] if code is None else [code]))
    with open_desk(desk) as opened, open_keys(opened) as keys:
        subject = _subject(opened, held) if held.is_there else None
        drawn = keys.draw([somebody])
        key = keys.key_of(somebody.id)
        if key is None:
            raise Misuse("membership.no-key", "another person has this number")
        if subject is not None:
            keys.bind(somebody.id, subject)
        at = opened.clock.now()
    files = [NewFile(out, key.text().encode() + b"\n", private=True)]
    files += [] if code is None else [NewFile(code, draw_code(key), private=True)]
    write_together(files)
    with open_desk(desk) as opened, open_keys(opened) as keys:
        keys.note_handed([somebody.id], form="file", at=at)
    said = choose(
        f"The key is entry {key.index} of the log. Hand over {out}; it is private, and after an erasure the "
        "only thing that proves anything.",
        f"키는 로그의 항목 {key.index}입니다. {out}을(를) 본인에게 전달하십시오. 비공개이며 파기 후에는 "
        "이것만이 증명할 수 있습니다.",
    )
    show({"log_index": key.index, "drawn": bool(drawn), "files": [str(file.path) for file in files]}, said)


def was_my_face_used(
    desk: RequiredDesk,
    key: Annotated[Path | None, typer.Option(help="The person's own copy of their key.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --key: write the proof to this new file, for `proof check`.")
    ] = None,
    document: DocumentFile = None,
    trust: DocumentTrust = None,
    session_transcript: TranscriptFile = None,
    reader_key: ReaderKeyFile = None,
    nonce: DocumentNonce = None,
    audience: DocumentAudience = None,
    reader: PassportReader = None,
    mrz: PassportZone = None,
) -> None:
    """Answer for every release since the beginning; with the key, by proof. Never with a picture.

    To whoever asks with a key or document that belongs to nobody here, the answer is "not in", as it is to
    somebody known who is in no release: nobody learns from it whether a person is known.
    """
    require_extra("custody")
    forbid_core_dumps()
    held = HolderProof(document, trust, session_transcript, reader_key, nonce, audience, reader, mrz)
    if (key is None) is not held.is_there:
        raise Misuse("membership.options-incomplete", "ask either with --key or with a document")
    if held.is_there and out is not None:
        raise Misuse("membership.options-incomplete", "a proof is about a key: --out goes with --key")
    if out is not None:
        require_place(out)
    if key is not None:
        _prove(desk, key, out)
    else:
        _tell(desk, held)


def _prove(desk: Path, file: Path, out: Path | None) -> None:
    from dongui.cli.membership_inputs import read_key, register_of
    from dongui.cli.membership_result import answer_json, draw_answer
    from dongui.custody.asking import answer, decisions
    from dongui.custody.membership_proof import check_answer
    from dongui.custody.release_seal import Register

    key = read_key(file)
    with open_desk(desk) as opened:
        log_key = opened.keys.log
        register = Register(register_of(desk), key=log_key)
        register.prepare()
        note = register_of(desk) / "decisions.json"
        decided = decisions(opened.log, opened.log.checkpoint().size, note=note)
        made = answer(key, register=register, log=opened.log, decided=decided)
    # What is handed out is checked first, as the person will check it.
    checked = check_answer(made, key=key, log_key=log_key, trusted=None)
    if out is not None:
        write_once(out, made.encode(), private=True)
    files: list[JsonValue] = [] if out is None else [str(out)]
    show({**answer_json(checked), "files": files}, lambda: draw_answer(checked))


def _tell(desk: Path, held: HolderProof) -> None:
    from dongui.cli.membership_inputs import open_keys, register_of
    from dongui.cli.membership_result import TOLD, TOLD_KO, draw_told, seal_json
    from dongui.custody.asking import tell
    from dongui.custody.release_seal import Register

    with open_desk(desk) as opened, open_keys(opened) as keys:
        subject = _subject(opened, held)
        asked: PersonKey = keys.key_by_document(subject)
        told = tell(asked, register=Register(register_of(desk), key=opened.keys.log))
    releases: list[JsonValue] = [
        {**seal_json(one.sealed.seal), "outcome": "in" if one.found else "not-in"} for one in told
    ]
    result: dict[str, JsonValue] = {
        "proved": False,
        "releases": releases,
        "meaning": choose(TOLD, TOLD_KO),
    }
    show(result, lambda: draw_told([(one.sealed.seal, one.found) for one in told]))


def _subject(desk: Desk, held: HolderProof) -> bytes:
    """Return who a document speaks for, once it is authentic and in its holder's own hands."""
    if held.trust is None:
        raise Misuse("membership.options-incomplete", "a document needs --trust")
    return held.subject(clock=desk.clock)[0]
