"""How many crooked pictures of a receipt's code are read whole, at error correction level L and at M; and the
longest receipt's of a log of a million by camera pixels a module.

Run from the root of the tree: ``PYTHONPATH=src:tests python benchmarks/receipt_codes.py``.
"""

from __future__ import annotations

import io
import random

import segno
from PIL import Image

from dongui.receipts.bundle import TEXT_PREFIX
from dongui.receipts.code_text import to_code
from simulators.phone_camera import photographed, read_codes
from simulators.seen_cards import seen

SIZES = (933, 1189, 1371)  # bytes: receipts of a log of a million, usual, longest, longest undetermined
WIDTHS = (300, 350, 400, 450, 500, 600, 800)  # pixels
SHOTS = 6
LONGEST = 1269  # bytes, see spec/receipt.md
MODULE_PIXELS = (2, 2.25, 2.5, 3, 4)
FRAMES = 50


def shots_read(text: str, level: str, dice: random.Random) -> tuple[str, list[int]]:
    """The symbol's name, and for each width how many of SHOTS pictures gave the text back."""
    symbol, picture = drawn_code(text, level)
    read: list[int] = []
    for width in WIDTHS:
        views = [
            photographed(picture, width=width, angle=dice.uniform(-12, 12), seed=s) for s in range(SHOTS)
        ]
        read.append(sum(read_codes(view) == [text] for view in views))
    return symbol.designator, read


def drawn_code(text: str, level: str) -> tuple[segno.QRCode, Image.Image]:
    """The symbol, and its picture at eight pixels a module."""
    symbol = segno.make_qr(text, error=level, mode="alphanumeric", boost_error=False)
    drawn = io.BytesIO()
    symbol.save(drawn, kind="png", scale=8, border=4)
    return symbol, Image.open(drawn)


def frames_read(text: str, pixels: float, dice: random.Random) -> int:
    """How many of FRAMES frames with the code at so many camera pixels a module gave the text back."""
    _, picture = drawn_code(text, "l")
    read = 0
    for seed in range(FRAMES):
        lean, angle = dice.uniform(0.02, 0.06), dice.uniform(-12, 12)
        frame = seen(picture, scale=pixels / 8, seed=seed, lean=lean, angle=angle)
        read += read_codes(Image.fromarray(frame)) == [text]
    return read


def main() -> None:
    """Print one line for each size and level."""
    dice = random.Random(20261122)
    print(f"widths {WIDTHS} px, {SHOTS} pictures each")
    for size in SIZES:
        text = to_code(dice.randbytes(size), prefix=TEXT_PREFIX)
        for level in ("l", "m"):
            name, read = shots_read(text, level, dice)
            print(f"{size:>5} bytes  {name:>4}  {sum(read):>2} of {SHOTS * len(WIDTHS)}  {read}")
    text = to_code(dice.randbytes(LONGEST), prefix=TEXT_PREFIX)
    for pixels in MODULE_PIXELS:
        print(f"{LONGEST:>5} bytes  {pixels} pixels a module  {frames_read(text, pixels, dice)} of {FRAMES}")


if __name__ == "__main__":
    main()
