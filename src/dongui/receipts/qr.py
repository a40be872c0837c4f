"""A receipt as one QR code: for a page (SVG), a file (PNG) and a terminal."""

from __future__ import annotations

import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from dongui.errors import Misuse
from dongui.receipts.bundle import ReceiptBundle

if TYPE_CHECKING:
    import segno

__all__ = ["QrCode", "make_code"]

# ISO/IEC 18004: four modules of quiet zone. Screens and paper differ; both need it.
_QUIET_ZONE = 4
_PNG_SCALE = 6
# Level M while the modules stay large, then L: a screen has no scratches, and a camera loses more to small
# modules than it wins by correction (measured: docs/explanation/decisions/receipts.md).
_LEVELS = (("m", 25), ("l", 40))


@dataclass(frozen=True, slots=True)
class QrCode:
    """One symbol. ``version`` 1 to 40, ``level`` "M" or "L"."""

    version: int
    level: str
    _symbol: segno.QRCode

    def svg(self, *, title: str) -> str:
        """Return an inline ``<svg>`` element with ``title`` as its accessible name, black on white."""
        drawn = self._symbol.svg_inline(
            scale=1,
            border=_QUIET_ZONE,
            dark="#000",
            light="#fff",
            omitsize=True,
            svgclass=None,
            lineclass=None,
        )
        return drawn.replace(
            "<svg ",
            f'<svg role="img" aria-label="{escape(title, quote=True)}" shape-rendering="crispEdges" ',
            1,
        )

    def png(self) -> bytes:
        """Return a PNG, six pixels a module."""
        out = io.BytesIO()
        self._symbol.save(out, kind="png", scale=_PNG_SCALE, border=_QUIET_ZONE)
        return out.getvalue()

    def svg_file(self, *, title: str) -> str:
        """Return a whole SVG file."""
        out = io.BytesIO()
        self._symbol.save(
            out, kind="svg", scale=_PNG_SCALE, border=_QUIET_ZONE, dark="#000", light="#fff", title=title
        )
        return out.getvalue().decode()

    def terminal(self) -> str:
        """Return the code in half-block characters, dark modules dark on a light terminal or not."""
        out = io.StringIO()
        self._symbol.terminal(out, border=_QUIET_ZONE, compact=True)
        return out.getvalue()


def make_code(bundle: ReceiptBundle) -> QrCode:
    """Put a receipt into one QR code. Raises ``Misuse`` (``receipt.no-code``) if it is too long for any."""
    import segno  # here: it takes a twelfth of a second, and most commands that know receipts draw none

    text = bundle.to_text()
    for level, largest in _LEVELS:
        try:
            symbol = segno.make_qr(text, error=level, mode="alphanumeric", boost_error=False)
        except segno.DataOverflowError:
            continue
        version = int(symbol.version)
        if version <= largest:
            return QrCode(version, level.upper(), symbol)
    raise Misuse("receipt.no-code", f"{len(text)} characters do not fit into one QR code")
