"""``dongui verify``: is the person before the camera the rightful holder of this document?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from dongui.capture import MAX_FRAME_BYTES, Capture, require_capture_size, require_frames
from dongui.cli import chip_option as chips
from dongui.cli.card_site import card_site
from dongui.cli.desk_option import RequiredDesk, open_desk
from dongui.cli.document_inputs import read_presentation, require_document
from dongui.cli.handing_out import Theirs, hand_out, show_at_hand, tell_unwritten, unwritten_rows
from dongui.cli.output import FailureNotice, JsonValue, choose, describe, progress, settings, show, table
from dongui.cli.receipt_result import operating_point_result
from dongui.cli.session_id import parse_session_id
from dongui.cli.trust import MASTER_LIST_MAX_AGE_DAYS_2026_11
from dongui.cli.trust_option import (
    REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
    STATUS_LIST_MAX_AGE_HOURS_2026_11,
    MasterListMaxAge,
    RequiredTrust,
    RevocationListMaxAge,
    StatusListMaxAge,
    limits_of,
    trust_for,
)
from dongui.cli.writing import require_place
from dongui.confinement import Confined
from dongui.desk import Desk
from dongui.desk.card_reading import read_card
from dongui.desk.trust_folder import TrustLimits, load_trust
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.passport.chip_evidence import ChipEvidence
from dongui.documents.recognising import Kind, is_picture
from dongui.memory import SecretBuffer, forbid_core_dumps, require_file
from dongui.receipts.description import describe_operating_point
from dongui.receipts.statement import Channel, Outcome, Statement
from dongui.verification import Verification

__all__ = ["verify"]

_Document = Annotated[
    Path | None,
    typer.Argument(
        help="What is held out, at most 2 MiB: a DeviceResponse, an SD-JWT presentation, a folder or zip "
        "of a passport's files, a card's QR code as a picture or its text. Without it the code of a "
        "staff card is looked for in the frames."
    ),
]
_Frames = Annotated[
    list[Path] | None,
    typer.Option(help="The clip's frames in order, JPEG or PNG, 1 to 300: a.jpg b.jpg ..."),
]
_TrustedChannel = Annotated[
    bool, typer.Option(help="Whether the camera's way into this machine is under your control.")
]
_AcceptUnassessed = Annotated[
    bool, typer.Option(help="Say that you know the operating point was not assessed for use.")
]


def verify(
    session: Annotated[str, typer.Option(help="Id of the open session; it is spent by this command.")],
    trust: RequiredTrust,
    desk: RequiredDesk,
    document: _Document = None,
    reader: chips.OptionalReaderName = None,
    mrz: chips.MrzFile = None,
    document_number: chips.DocumentNumber = None,
    birth: chips.Birth = None,
    expiry: chips.Expiry = None,
    can: chips.CardAccessNumber = None,
    capture: _Frames = None,
    trusted_channel: _TrustedChannel = False,
    accept_unassessed: _AcceptUnassessed = False,
    receipt: Annotated[
        Path | None,
        typer.Option(help="Write the person's receipt to this new file; without it, it is shown as text."),
    ] = None,
    disclosure: Annotated[
        Path | None,
        typer.Option(help="Write the salts that open it, for the person alone; without it, they are shown."),
    ] = None,
    master_list_max_age: MasterListMaxAge = MASTER_LIST_MAX_AGE_DAYS_2026_11,
    revocation_list_max_age: RevocationListMaxAge = REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
    status_list_max_age: StatusListMaxAge = STATUS_LIST_MAX_AGE_HOURS_2026_11,
) -> None:
    """Verify one person against one document, once.

    Exit codes: 0 verified, 1 refused, 2 misuse, 3 undetermined. The session is spent before the comparison;
    the receipt stands in the log before this prints anything. No face is kept.
    """
    forbid_core_dumps()
    opened_as = parse_session_id(session)
    require_place(*(path for path in (receipt, disclosure) if path is not None))
    # Not required by the option itself: what is missing then is named, with the limit.
    frames = capture or []
    require_frames(len(frames))
    # Before the models are loaded: a mistyped name is told at once.
    if document is not None:
        require_document(document)
    sizes = [require_file(frame, max_bytes=MAX_FRAME_BYTES, what="frame") for frame in frames]
    require_capture_size(sum(sizes))
    limits = limits_of(master_list_max_age, revocation_list_max_age, status_list_max_age)
    held = chips.on_reader(reader, document, mrz, document_number, birth, expiry, can) or document
    believed = _believed(held, trust, limits)
    with open_desk(desk) as opened:
        found = _verify(opened, opened_as, held, frames, believed, trusted_channel, accept_unassessed)
    _report(found, *hand_out(_theirs(found, receipt, disclosure)))


def _verify(
    desk: Desk,
    session_id: str,
    document: Path | chips.OnReader | None,
    frames: list[Path],
    believed: DocumentTrust,
    trusted: bool,
    accept_unassessed: bool,
) -> Verification:
    session = desk.sessions.load(session_id, at=desk.clock.now())
    # The models first: while they load, nobody's face is in memory.
    with (
        progress("Loading models.", "모델을 불러오는 중입니다.") as say,
        desk.start_examiner(progress=say) as examiner,
        ExitStack() as forgotten,
    ):
        taken = tuple(
            forgotten.enter_context(SecretBuffer.read_file(frame, max_bytes=MAX_FRAME_BYTES, what="frame"))
            for frame in frames
        )
        shown, chip = _held_out(document, taken, examiner, say)
        forgotten.enter_context(shown)
        site = forgotten.enter_context(card_site(shown, believed, desk))
        return desk.verify(
            session,
            shown,
            Capture(taken, Channel.TRUSTED if trusted else Channel.UNTRUSTED),
            trust=site.trust,
            chip=chip,
            cards=site.cards,
            examiner=examiner,
            accept_unassessed=accept_unassessed,
        )


def _believed(document: Path | chips.OnReader | None, trust: Path, limits: TrustLimits) -> DocumentTrust:
    if not isinstance(document, Path):
        kind = Kind.STAFF_CARD if document is None else Kind.PASSPORT
        return load_trust(trust, limits=limits, kind=kind).part_for(kind)
    with read_presentation(document) as shown:
        return trust_for(shown, trust, limits)


def _held_out(
    document: Path | chips.OnReader | None,
    frames: Sequence[SecretBuffer],
    examiner: Confined,
    say: Callable[[str], None],
) -> tuple[SecretBuffer, ChipEvidence | None]:
    """What is held out, and what our own reader proved of its chip.

    A card may be held up beside the face: its code is then looked for in the very frames.
    """
    if isinstance(document, chips.OnReader):
        reading = document.read(say)
        return reading.document, reading.evidence
    if document is None:
        return read_card(frames, reader=examiner), None
    shown = read_presentation(document)
    if not is_picture(shown.view):
        return shown, None
    with shown:
        return read_card([shown], reader=examiner), None


def _theirs(found: Verification, receipt: Path | None, disclosure: Path | None) -> list[Theirs]:
    bundle, salts = found.receipt, found.disclosure
    return [
        Theirs(
            choose("The receipt", "영수증"),
            receipt,
            bundle.to_bytes(),
            bundle.to_text(),
            private=False,
            bundle=bundle,
        ),
        Theirs(
            choose("The salts, which open it, for the person alone", "영수증을 여는 솔트, 본인만 보관"),
            disclosure,
            salts.to_bytes(),
            salts.to_text(),
            private=True,
        ),
    ]


def _report(found: Verification, left: Sequence[Theirs], unwritten: FailureNotice | None) -> None:
    language = settings().language.value
    outcome = found.outcome.name.lower()
    statement = found.receipt.statement()
    notice = None if found.reason is None else FailureNotice.of(found.reason)
    salts = found.disclosure.to_text()
    result: dict[str, JsonValue] = {
        "reason": None if notice is None else describe(notice),
        "other_way": found.other_way[language],
        "receipt_id": statement.receipt_id.hex(),
        "receipt": found.receipt.to_text(),
        # Where a file holds them they are the person's alone, and stay out of whatever reads this.
        "disclosure": salts if any(one.text == salts for one in left) else None,
        "unwritten": None if unwritten is None else {"failure": tell_unwritten(unwritten)},
        "log_index": found.receipt.proof.index,
        **operating_point_result(statement),
        "milliseconds": {stage: round(time, 2) for stage, time in found.milliseconds.items()},
    }
    rows = _rows(found, statement, notice, language)
    if unwritten is not None:
        rows += unwritten_rows(unwritten)
    show(result, lambda: table(("", ""), rows), outcome=outcome)
    show_at_hand(left)
    if found.outcome is not Outcome.VERIFIED:
        raise typer.Exit(int(found.outcome))


def _rows(
    found: Verification, statement: Statement, notice: FailureNotice | None, language: str
) -> list[tuple[str, str]]:
    outcomes = {
        Outcome.VERIFIED: choose("VERIFIED", "확인됨"),
        Outcome.REFUSED: choose("REFUSED", "거부됨"),
        Outcome.UNDETERMINED: choose("UNDETERMINED", "판단할 수 없음"),
    }
    rows = [(choose("outcome", "결과"), outcomes[found.outcome])]
    if found.outcome is not Outcome.VERIFIED:
        # Charter, point 9: the other way is named at once.
        rows.append((choose("other way", "다른 방법"), found.other_way[language]))
    if notice is not None:
        failure = notice.failure
        rows += [
            (choose("reason", "이유"), f"{failure.name}: {notice.detail}"),
            ("", choose(failure.meaning, failure.meaning_ko)),
            (choose("next", "다음"), choose(failure.next_step, failure.next_step_ko)),
        ]
    rows += [
        (choose("operating point", "판정 기준"), describe_operating_point(statement, language=language)),
        (choose("receipt", "영수증"), statement.receipt_id.hex()),
        (choose("log entry", "로그 항목"), str(found.receipt.proof.index)),
        (
            choose("kept", "남는 것"),
            choose("no face; consent record, log entry", "얼굴 없음; 동의 기록, 로그 항목"),
        ),
    ]
    return rows
