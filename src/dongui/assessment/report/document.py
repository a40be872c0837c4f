"""The report as a PDF: the page's content, paginated, with bookmarks, language and embedded fonts."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from dongui.assessment.report.blocks import Answer, Block, Content, Heading, Listing, Plot, Table, Text
from dongui.assessment.report.columns import share_width
from dongui.assessment.report.words import Language, Words, legible
from dongui.fonts import FAMILY, font_bytes, font_path, missing, spelled_out

__all__ = ["write_document"]

_MARGIN_MM = 18.0
_FEW_ROWS_MM = 30.0
_CELL_MM, _ROUNDING_MM = 1.2, 0.3
_WORD_SHARE = 0.65
_INK, _MUTED, _RAISED, _FAINT = (27, 31, 36), (87, 96, 106), (244, 246, 248), (208, 215, 222)
_GOOD, _BAD = (0, 112, 90), (168, 72, 15)
_BODY, _SMALL = 9.5, 8.0
_SIZE = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
_LOCALES: dict[Language, str] = {"en": "en-GB", "ko": "ko-KR"}


def write_document(content: Content) -> bytes:
    """Return the PDF. Characters the fonts lack are written as code points and listed at its end."""
    page = _Page(content)
    page.begin()
    for place, block in enumerate(content.blocks):
        page.draw(block, content.blocks[place + 1 :])
    page.end()
    return bytes(page.output())


class _Page(FPDF):
    """A4 pages with the report's one look."""

    def __init__(self, content: Content) -> None:
        super().__init__(format="A4", unit="mm")
        self._content = content
        self._words = Words(content.language)
        self._lacking: dict[str, None] = {}
        self.set_title(legible(content.title))
        self.set_lang(_LOCALES[content.language])
        self.set_creation_date(content.made_at)
        self.set_margin(_MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=_MARGIN_MM)
        self.add_font(FAMILY, "", font_path("regular"))
        self.add_font(FAMILY, "B", font_path("bold"))
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                # The whole font's boxes hold for any part of it; for smaller ones each glyph would be drawn.
                font.ttfont.recalcBBoxes = False

    def begin(self) -> None:
        self.add_page()
        self._write(self._content.title, 19, bold=True)
        self._write(self._content.subtitle, _BODY, colour=_MUTED)

    def end(self) -> None:
        if self._lacking:
            named = ", ".join(f"U+{ord(one):04X}" for one in self._lacking)
            self.ln(4)
            self._write(self._words("spelled-out", characters=named), _SMALL, colour=_MUTED)

    def footer(self) -> None:
        self.set_y(-12)
        self._font(_SMALL, colour=_MUTED)
        told = self._words("page", number=self.page_no(), pages="{nb}")
        self.cell(0, 5, told, align="R")

    def draw(self, block: Block, following: Sequence[Block]) -> None:
        match block:
            case Heading():
                self._heading(block, following)
            case Text():
                self._write(block.text, _BODY, colour=_MUTED if block.note else _INK)
            case Answer():
                self._answer(block)
            case Listing():
                for item in block.items:
                    self._write(f"•  {item}", _BODY)
            case Plot():
                self._plot(block)
            case Table():
                self._table(block)

    def _legible(self, text: str) -> str:
        shown = legible(text)
        self._lacking.update(dict.fromkeys(missing(shown, font_bytes())))
        return spelled_out(shown)

    def _font(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*colour)

    def _write(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: tuple[int, int, int] = _INK,
        after: float = 1.6,
    ) -> None:
        self._font(size, bold=bold, colour=colour)
        self.multi_cell(0, size * 0.56, self._legible(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(after)

    def _heading(self, block: Heading, following: Sequence[Block]) -> None:
        # Room for the heading, and for the plot or a few lines under it.
        if self.will_page_break(_FEW_ROWS_MM + self._under(following)):
            self.add_page()
        else:
            self.ln(6 if block.level == 2 else 3)
        text = self._legible(block.text)
        self.start_section(text, level=block.level - 2)
        self._write(block.text, 14 if block.level == 2 else 11, bold=True)

    def _answer(self, block: Answer) -> None:
        top, first_page = self.get_y(), self.page
        colour = _INK if block.good is None else _GOOD if block.good else _BAD
        self.set_left_margin(_MARGIN_MM + 5)
        self.set_x(_MARGIN_MM + 5)
        self._write(block.verdict, 12.5, bold=True, colour=colour)
        for number, sentence in enumerate(block.sentences):
            self._sentence(sentence, number, len(block.sentences), judged=block.good is not None)
        self.set_left_margin(_MARGIN_MM)
        self.set_x(_MARGIN_MM)
        if self.page == first_page:
            self.set_draw_color(*colour)
            self.set_line_width(1.4)
            self.line(_MARGIN_MM + 1, top, _MARGIN_MM + 1, self.get_y() - 1.6)
        self.ln(3)

    def _sentence(self, text: str, number: int, count: int, *, judged: bool) -> None:
        first, last = judged and number == 0, judged and number == count - 1
        size = 10.5 if first else _BODY
        self._write(text, size, bold=first, colour=_MUTED if last else _INK)

    def _under(self, following: Sequence[Block]) -> float:
        for block in following:
            if isinstance(block, Plot):
                return self._height(block)
            if isinstance(block, Table | Answer | Listing):
                break
        return _FEW_ROWS_MM

    def _height(self, block: Plot) -> float:
        found = _SIZE.search(block.printed)
        width, height = (float(found[1]), float(found[2])) if found else (1.0, 1.0)
        return self.epw * height / width

    def _plot(self, block: Plot) -> None:
        if self.will_page_break(self._height(block) + 6):
            self.add_page()
        self.image(io.BytesIO(block.printed.encode()), w=self.epw, alt_text=self._legible(block.alternative))
        self._write(block.caption, _SMALL, colour=_MUTED, after=2)

    def _table(self, block: Table) -> None:
        if self.will_page_break(_FEW_ROWS_MM):
            self.add_page()
        self._write(block.caption, _SMALL, colour=_MUTED, after=0.6)
        wanted = [self._wanted(block, place) for place in range(len(block.columns))]
        self._font(_SMALL)
        self.set_draw_color(*_FAINT)
        self.set_line_width(0.2)
        aligned = ("LEFT", *("RIGHT" if block.figures else "LEFT" for _ in block.columns[1:]))
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD", fill_color=_RAISED),
            text_align=aligned,
            col_widths=share_width(wanted, self.epw),
            line_height=_SMALL * 0.52,
            padding=(0.7, _CELL_MM),
        ) as table:
            for row in (block.columns, *block.rows):
                table.row([self._legible(cell) for cell in row])
        self.ln(4)

    def _wanted(self, block: Table, place: int) -> tuple[float, float]:
        """What a column must have (its longest word), and would fill, up to a third of the page; mm."""
        word = cell = 0.0
        for number, row in enumerate((block.columns, *block.rows)):
            self._font(_SMALL, bold=number == 0)
            text = self._legible(row[place])
            cell = max(cell, self.get_string_width(text))
            word = max(word, *(self.get_string_width(one) for one in text.split() or [""]))
        room = 2 * _CELL_MM + _ROUNDING_MM
        # A digest is one word, and is to stay one; a text may be broken.
        return min(word, _WORD_SHARE * self.epw) + room, min(cell, self.epw / 3) + room
