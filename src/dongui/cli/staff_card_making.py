"""Making a staff card for ``dongui issue staff-card``: consent first, then the picture, then the print."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dongui.cli.desk_option import open_desk
from dongui.cli.output import JsonValue, choose, note, progress, show, table
from dongui.cli.writing import NewFile, make_folder, require_absent, write_together
from dongui.confinement import Confinement
from dongui.desk.card_enrolment import PREPARE
from dongui.desk.cards import CardOrder, CardRoom, read_site
from dongui.desk.desk import models_cache
from dongui.documents.staff_card.card_content import CardPerson
from dongui.documents.staff_card.card_picture import CardFace, PrintedCard, draw_card
from dongui.documents.staff_card.encryption import SitePublicKey
from dongui.documents.staff_card.issuing import StaffCard
from dongui.documents.status import StatusReference
from dongui.errors import Misuse, Trouble, Unanswered
from dongui.fonts import font_bytes, missing
from dongui.memory import SecretBuffer, forbid_core_dumps

__all__ = ["Wanted", "make"]

_MAX_PORTRAIT_BYTES = 20 * 2**20
_MAX_SITE_BYTES = 1_024
_MAX_FONT_BYTES = 64 * 2**20
_TIMEOUT_SECONDS, _MEMORY_BYTES = 30.0, 2**30
# Where systems keep a font with letters that the one that ships lacks.
_FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was given, as it was given."""

    desk: Path
    portrait: Path
    consent: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    out: Path
    purpose: str
    sites: tuple[Path, ...]
    days: int
    status_list: str | None
    status_index: int | None
    font: Path | None


def make(wanted: Wanted) -> None:
    """Make the card, register its secret, write what is printed, and say what was done.

    Raises what :meth:`CardRoom.issue`, :func:`draw_card` and writing a file raise; the other way is named
    first where no card can be made.
    """
    forbid_core_dumps()
    files = [wanted.out / "card.pdf", wanted.out / "card.png"]
    require_absent(*files)
    person = CardPerson(wanted.number, wanted.name)
    with open_desk(wanted.desk) as opened, CardRoom(opened) as room:
        letters = _font(wanted.font, f"{opened.entry.name_ko}{person.name}{person.number}")
        order = CardOrder(
            person,
            opened.purpose(wanted.purpose),
            _record(wanted.consent),
            tuple(_site(path) for path in wanted.sites) or (room.site_key.public,),
            timedelta(days=wanted.days),
            _status(wanted.status_list, wanted.status_index),
        )
        card = _issued(room, order, wanted.portrait)
        face = CardFace(
            card.text,
            person.name,
            person.number,
            opened.entry.name_ko,
            card.valid_until,
            card.card_id,
            order.consent_record,
        )
        printed = _printed(room, face, letters, files)
    _report(card, printed, order, files)


def _issued(room: CardRoom, order: CardOrder, portrait: Path) -> StaffCard:
    way = order.purpose.other_way.name
    try:
        # Before the models are loaded, and before the picture is so much as opened.
        room.require_consent(order)
        with (
            progress("Loading models.", "모델을 불러오는 중입니다.") as say,
            ExitStack() as opened,
        ):
            enroller = opened.enter_context(
                Confinement.start(
                    PREPARE,
                    arguments=str(models_cache()).encode(),
                    progress=say,
                    timeout_seconds=_TIMEOUT_SECONDS,
                    memory_bytes=_MEMORY_BYTES,
                )
            )
            picture = SecretBuffer.read_file(portrait, max_bytes=_MAX_PORTRAIT_BYTES, what="portrait")
            return room.issue(order, opened.enter_context(picture), enroller=enroller)
    except Unanswered:
        # Charter, points 4 and 9: whoever gets no card is told at once how to come in without one.
        note(f"The other way: {way.en}", f"다른 방법: {way.ko}")
        raise


def _printed(room: CardRoom, face: CardFace, font: bytes, files: list[Path]) -> PrintedCard:
    """Draw and write. Where that fails there is no card, and its secret goes again."""
    try:
        printed = draw_card(face, font=font)
        make_folder(files[0].parent)
        contents = (printed.pdf, printed.png)
        write_together(
            [NewFile(path, data, private=True) for path, data in zip(files, contents, strict=True)]
        )
    except (Misuse, Trouble):
        room.revoke(face.card_id)
        raise
    return printed


def _report(card: StaffCard, printed: PrintedCard, order: CardOrder, files: list[Path]) -> None:
    result: dict[str, JsonValue] = {
        "card_id": card.card_id.hex(),
        "consent_record": order.consent_record.hex(),
        "valid_until": card.valid_until.isoformat(),
        "sites": len(order.sites),
        "qr_version": printed.version,
        "code_mm": round(printed.code_mm, 1),
        "files": [str(path) for path in files],
    }
    rows = [
        (choose("card id", "카드 번호"), card.card_id.hex()),
        (choose("consent record", "동의 기록"), order.consent_record.hex()),
        (choose("valid until", "유효 기간"), f"{card.valid_until:%Y-%m-%d}"),
        (choose("code", "코드"), f"QR {printed.version}-M, {printed.code_mm:.1f} mm"),
        (choose("written", "저장"), f"{files[0]}, {files[1].name}"),
        (
            choose("kept", "남는 것"),
            choose("no face; the card's secret, in the register", "얼굴 없음; 카드의 비밀값(등록부)"),
        ),
    ]
    show(result, lambda: table(("", ""), rows))


def _record(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Misuse("consent.unknown-record", "a record's id has 32 hexadecimal digits") from None


def _status(uri: str | None, index: int | None) -> StatusReference | None:
    if uri is None and index is None:
        return None
    if uri is None or index is None:
        raise Misuse("card.options-incomplete", "--status-list and --status-index go together")
    return StatusReference(uri, index)


def _site(path: Path) -> SitePublicKey:
    with SecretBuffer.read_file(path, max_bytes=_MAX_SITE_BYTES, what="site key") as content:
        return read_site(bytes(content.view))


def _font(given: Path | None, written: str) -> bytes:
    """The font given; else the one that ships, or where that lacks a letter one of the system's."""
    own = font_bytes()
    path = given
    if given is None and missing(written, own):
        path = next((font for font in _FONTS if font.is_file()), None)
    if path is None:
        return own
    with SecretBuffer.read_file(path, max_bytes=_MAX_FONT_BYTES, what="font") as content:
        return bytes(content.view)
