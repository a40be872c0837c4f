"""Drawing as SVG: one look, deterministic, no letters outside the shipped fonts.

Letters stay text, on the page in the reader's own font, in the document in the one embedded there. On the
page colours are names that a dark screen may give other values.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

from dongui.assessment.report.blocks import Plot
from dongui.assessment.report.words import legible
from dongui.fonts import FAMILY, font_path, spelled_out

__all__ = ["ACCENT", "FAINT", "INK", "LINES", "MUTED", "SOFT", "STYLE", "WARM", "draw_plot", "letters"]

INK: Final = "#1b1f24"
MUTED: Final = "#57606a"
FAINT: Final = "#d0d7de"
SOFT: Final = "#b9d3ec"
ACCENT: Final = "#1a5fa5"
WARM: Final = "#a8480f"
#: Lines are told apart by dash and mark as well; each colour keeps 3:1 against its ground.
LINES: Final = (INK, ACCENT, WARM, "#00705a", "#86427a", "#765000")
STYLE: Final = (
    ("-", "o"),
    ("--", "s"),
    ("-.", "^"),
    (":", "D"),
    ((0, (5, 1)), "v"),
    ((0, (3, 1, 1, 1, 1, 1)), "P"),
)
_NAMES: Final = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    SOFT: "soft",
    ACCENT: "accent",
    WARM: "warm",
    LINES[3]: "green",
    LINES[4]: "purple",
    LINES[5]: "brown",
}
_WIDTH_INCHES: Final = 7.2
_WIDE: Final = 0x1100  # from here on letters are as wide as two
_SETTINGS: Final[dict[RcKeyType, object]] = {
    "backend": "svg",
    "font.family": FAMILY,
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.0,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "svg.hashsalt": "dongui",
    "path.simplify": False,
}


def letters(text: str, *, room: int = 72) -> str:
    """Return ``text`` as a plot can show it, cut where it takes more than ``room`` Latin letters' width."""
    shown = spelled_out(legible(text))
    widths = itertools.accumulate(2 if ord(one) >= _WIDE else 1 for one in shown)
    kept = sum(width <= room for width in widths)
    return shown if kept == len(shown) else f"{shown[: kept - 1]}…"


def draw_plot(
    paint: Callable[[Figure], None], *, height: float, caption: str, alternative: str, name: str
) -> Plot:
    """Draw with ``paint`` on a figure ``height`` inches high; ``name`` makes its ids its own."""
    with _look():
        figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        paint(figure)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        svg = _written(figure)
        return Plot(caption, alternative, _screen(svg, name), _printed(svg))


@contextmanager
def _look() -> Iterator[None]:
    _know_fonts()
    with mpl.rc_context(_SETTINGS):
        yield


@cache
def _know_fonts() -> None:
    for weight in ("regular", "bold"):
        font_manager.fontManager.addfont(font_path(weight))


def _written(figure: Figure) -> str:
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Type", "Format")))
    text = out.getvalue()
    return _METADATA.sub("", text[text.index("<svg") :])


_ID = re.compile(r'(\bid="|href="#|url\(#)([^")]+)')
_WIDTH = re.compile(r'(<svg [^>]*?)\swidth="[^"]*"')
_HEIGHT = re.compile(r'(<svg [^>]*?)\sheight="[^"]*"')
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_FONT = re.compile(rf"'?{FAMILY}'?")
_PIXELS = re.compile(r"(font(?:-size)?: )([0-9.]+)px")


def _screen(svg: str, name: str) -> str:
    """The drawing as a part of the page: ids that no other plot has, colours by name, the page's own font."""
    svg = _HEIGHT.sub(r"\1", _WIDTH.sub(r"\1", svg))
    prefix = hashlib.sha256(name.encode()).hexdigest()[:8]
    svg = _ID.sub(lambda found: f"{found[1]}{prefix}-{found[2]}", svg)
    svg = _FONT.sub("sans-serif", svg)
    for colour, called in _NAMES.items():
        svg = svg.replace(colour, f"var(--{called})")
    return svg


def _printed(svg: str) -> str:
    """The drawing for the document, whose writer takes a pixel for three quarters of the unit drawn in."""
    return _PIXELS.sub(lambda found: f"{found[1]}{float(found[2]) * 4 / 3:g}px", svg)
