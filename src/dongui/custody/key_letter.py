"""A letter with a person's copy of their key: a code to scan, the same as text, and what it is for.

Drawn in memory; whoever asks for it writes it for that person alone.
"""

from __future__ import annotations

import io
from functools import cache

import segno
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from dongui.custody.person_keys import PersonKey
from dongui.fonts import font_bytes, spelled_out

__all__ = ["draw_code", "draw_letter", "draw_page"]

_DOTS_PER_MM = 300 / 25.4
_WIDTH_MM, _HEIGHT_MM, _MARGIN_MM = 148.0, 210.0, 14.0  # A5
_MODULE_DOTS, _QUIET_ZONE = 9, 4  # 0.76 mm; ISO/IEC 18004, 9.1
_LINE_CHARACTERS = 48
_CODE_TOP_MM, _TEXT_TOP_MM = 74.0, 156.0
_WORDS = (
    ("본인 키 사본 / Your copy of your key", 5.0, "bold"),
    ("", 2.0, "regular"),
    ("이 키로 얼굴정보가 어느 제공에 쓰였는지 언제든 증명과 함께 확인할 수 있습니다.", 3.4, "regular"),
    ("With this key you can check, with a proof, in which releases your face was used.", 3.4, "regular"),
    ("", 2.0, "regular"),
    ("가진 사람은 누구나 같은 것을 알 수 있습니다. 비밀로 보관하십시오.", 3.4, "bold"),
    ("Whoever holds it learns the same. Keep it private.", 3.4, "bold"),
    ("", 2.0, "regular"),
    ("개인정보가 파기된 뒤에는 이 사본만이 증명할 수 있습니다.", 3.4, "regular"),
    ("After an erasure this copy is the only thing that proves anything.", 3.4, "regular"),
)


def draw_code(key: PersonKey) -> bytes:
    """Return a PNG with the key as one QR code."""
    out = io.BytesIO()
    segno.make_qr(key.text(), error="m").save(out, kind="png", scale=6, border=_QUIET_ZONE)
    return out.getvalue()


def draw_letter(key: PersonKey, *, sender: str) -> bytes:
    """Return a PDF of one page of A5, to be folded, for the person alone. ``sender``: who hands it out."""
    page = draw_page(key, sender=sender)
    pdf = FPDF(unit="mm", format=(_WIDTH_MM, _HEIGHT_MM))
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.image(page, x=0, y=0, w=_WIDTH_MM, h=_HEIGHT_MM, alt_text="copy of a person's key")
    return bytes(pdf.output())


def draw_page(key: PersonKey, *, sender: str) -> Image.Image:
    """Return the letter's page in black and white, 300 dots an inch."""
    page = _blank(sender).copy()
    out = io.BytesIO()
    segno.make_qr(key.text(), error="m").save(out, kind="png", scale=_MODULE_DOTS, border=_QUIET_ZONE)
    code = Image.open(out).convert("1")
    page.paste(code, ((page.width - code.width) // 2, _dots(_CODE_TOP_MM)))
    _write_text(page, key.text())
    return page


def _dots(millimetres: float) -> int:
    return round(millimetres * _DOTS_PER_MM)


@cache
def _blank(sender: str) -> Image.Image:
    """The page without a key, drawn once for however many letters."""
    page = Image.new("1", (_dots(_WIDTH_MM), _dots(_HEIGHT_MM)), 1)
    draw, top = ImageDraw.Draw(page), _dots(_MARGIN_MM)
    for text, height, weight in ((spelled_out(sender), 3.0, "regular"), *_WORDS):
        if text:
            draw.text(
                (_dots(_MARGIN_MM), top), text, fill=0, font=_font(_dots(height), bold=weight == "bold")
            )
        top += _dots(height * 1.4)
    return page


def _write_text(page: Image.Image, text: str) -> None:
    draw, font, top = ImageDraw.Draw(page), _font(_dots(3.0), bold=False), _dots(_TEXT_TOP_MM)
    for begin in range(0, len(text), _LINE_CHARACTERS):
        draw.text((_dots(_MARGIN_MM), top), text[begin : begin + _LINE_CHARACTERS], fill=0, font=font)
        top += _dots(4.4)


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(font_bytes("bold" if bold else "regular")), size)
