"""The printed card: ID-1 size (ISO/IEC 7810, 85.6 x 54 mm), its code on the left, what people read beside it.

Drawn in memory, as PNG and as a PDF of one page of the card's own size; nothing is read or written here.
There is no portrait on it: whoever finds it learns a name, and no face.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import segno
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from dongui.documents.staff_card.issuing import make_code
from dongui.errors import Misuse
from dongui.fonts import missing

__all__ = ["CardFace", "PrintedCard", "draw_card"]

_DOTS_PER_MM = 600 / 25.4
_WIDTH_MM, _HEIGHT_MM = 85.6, 53.98
_MODULE_DOTS = 9  # 0.38 mm at 600 dots an inch
_QUIET_ZONE = 4  # ISO/IEC 18004, 9.1
_MARGIN_MM = 2.0
_ONLY_LATIN = 0x250


@dataclass(frozen=True, slots=True)
class CardFace:
    """What is printed. ``text`` is the code's; the ids are 16 bytes each. ``repr`` shows no person."""

    text: str = field(repr=False)
    name: str = field(repr=False)
    number: str = field(repr=False)
    organisation: str
    valid_until: datetime
    card_id: bytes
    consent_record: bytes


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """A drawn card. ``code_mm``: the side of its code with the quiet zone."""

    png: bytes = field(repr=False)
    pdf: bytes = field(repr=False)
    version: int
    code_mm: float


def draw_card(face: CardFace, *, font: bytes | None) -> PrintedCard:
    """Draw the card. ``font``: a TrueType or OpenType file with Hangul; ``None``: Latin letters alone.

    Raises ``Misuse``: ``staff-card.font-missing`` where the font given (or none) cannot write a name;
    ``staff-card.font-unreadable``.
    """
    code = make_code(face.text)
    picture = Image.new("L", (_dots(_WIDTH_MM), _dots(_HEIGHT_MM)), 255)
    drawn = _code_picture(code)
    picture.paste(drawn, (_dots(_MARGIN_MM), (picture.height - drawn.height) // 2))
    left = _dots(_MARGIN_MM) + drawn.width + _dots(1)
    _write(ImageDraw.Draw(picture), _lines(face, hangul=font is not None), left, picture.width, font)
    png = io.BytesIO()
    picture.save(png, "PNG", dpi=(600, 600))
    return PrintedCard(png.getvalue(), _pdf(picture), int(code.version), drawn.width / _DOTS_PER_MM)


def _dots(millimetres: float) -> int:
    return round(millimetres * _DOTS_PER_MM)


def _code_picture(code: segno.QRCode) -> Image.Image:
    out = io.BytesIO()
    code.save(out, kind="png", scale=_MODULE_DOTS, border=_QUIET_ZONE)
    return Image.open(out).convert("L")


def _lines(face: CardFace, *, hangul: bool) -> Iterator[tuple[str, float]]:
    """Each line and its height in millimetres; 0 high: a gap."""
    yield face.organisation, 2.6
    yield ("직원 카드 / Staff card" if hangul else "Staff card"), 2.2
    yield "", 0
    yield face.name, 3.4
    yield face.number, 2.6
    yield "", 0
    yield ("유효 기간 / valid until" if hangul else "valid until"), 1.8
    yield f"{face.valid_until:%Y-%m-%d}", 2.6
    yield ("동의 기록 / consent record" if hangul else "consent record"), 1.8
    yield from ((half, 1.8) for half in _halves(face.consent_record))
    yield ("카드 번호 / card id" if hangul else "card id"), 1.8
    yield from ((half, 1.8) for half in _halves(face.card_id))


def _halves(identifier: bytes) -> tuple[str, str]:
    return identifier[:8].hex(), identifier[8:].hex()


def _write(
    draw: ImageDraw.ImageDraw, lines: Iterator[tuple[str, float]], left: int, right: int, font: bytes | None
) -> None:
    top, room = _dots(4), right - left - _dots(_MARGIN_MM)
    for text, height in lines:
        if height:
            _require_writable(text, font)
            draw.text((left, top), text, fill=0, font=_fitting(text, _dots(height), room, font))
        top += _dots(height * 1.35 if height else 1.2)


def _fitting(
    text: str, size: int, room: int, font: bytes | None
) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font in the size wanted, or smaller where the line would not fit."""
    chosen = _font(size, font)
    if (width := chosen.getlength(text)) > room:
        chosen = _font(max(1, int(size * room / width)), font)
    return chosen


def _font(size: int, font: bytes | None) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if font is None:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(io.BytesIO(font), size)
    except OSError:
        raise Misuse("staff-card.font-unreadable", "the font file cannot be read") from None


def _require_writable(text: str, font: bytes | None) -> None:
    # Boxes in place of a name would be printed, laminated and handed out.
    if font is None:
        lacking = any(ord(character) >= _ONLY_LATIN for character in text)
    else:
        lacking = bool(_missing(text, font))
    if lacking:
        raise Misuse("staff-card.font-missing", "the card holds letters that its font does not have")


def _missing(text: str, font: bytes) -> list[str]:
    try:
        return missing(text, font)
    except ValueError:
        raise Misuse("staff-card.font-unreadable", "the font file cannot be read") from None


def _pdf(picture: Image.Image) -> bytes:
    pdf = FPDF(unit="mm", format=(_HEIGHT_MM, _WIDTH_MM), orientation="landscape")
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.image(picture, x=0, y=0, w=_WIDTH_MM, h=_HEIGHT_MM, alt_text="staff card")
    return bytes(pdf.output())
