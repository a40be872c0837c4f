"""Cut the shipped fonts out of Noto Sans CJK KR 2.004 (Debian's fonts-noto-cjk 1:20220127+repack1-1).

    python training/subset_fonts.py [FOLDER with NotoSansCJK-Regular.ttc and NotoSansCJK-Bold.ttc]

What is kept: the Hangul and signs of KS X 1001 (2,350 syllables), Latin, Greek, Cyrillic and punctuation as
far as the font has them. Outlines are as they were; the subset is named otherwise, as a changed version is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

NAME = "Dongui Text"
KOREAN = 1  # the face in the collection
OUT = Path(__file__).parent.parent / "src" / "dongui" / "fonts"
RANGES = (
    (0x20, 0x7F),
    (0xA0, 0x250),
    (0x370, 0x460),
    (0x1E00, 0x1F00),
    (0x2010, 0x2040),
    (0x20A0, 0x20C0),
    (0x2190, 0x219A),
    (0x2212, 0x2213),
    (0x2260, 0x2266),
)
DROPPED = ["GSUB", "GPOS", "GDEF", "BASE", "DSIG", "vmtx", "vhea", "VORG"]
KEPT_NAMES = {0, 5, 7, 13, 14}


def main() -> None:
    """Write both weights beside the package."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/opentype/noto")
    for weight in ("Regular", "Bold"):
        cut(folder / f"NotoSansCJK-{weight}.ttc", weight)


def cut(source: Path, weight: str) -> None:
    """Write one weight's subset."""
    font = TTFont(source, fontNumber=KOREAN, recalcTimestamp=False)
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    options.glyph_names = False
    options.name_IDs = ["*"]
    options.drop_tables += DROPPED
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters())
    cutter.subset(font)
    rename(font, weight)
    target = OUT / f"dongui-text-{weight.lower()}.otf"
    font.save(target)
    sys.stdout.write(
        f"{target.name}: {target.stat().st_size:,} bytes, {len(font.getBestCmap()):,} signs\n"
    )


def rename(font: TTFont, weight: str) -> None:
    """Give the changed version a name of its own; keep copyright, trademark and licence."""
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in KEPT_NAMES]
    full = f"{NAME} {weight}"
    for number, text in ((1, NAME), (2, weight), (3, full), (4, full), (6, full.replace(" ", "-"))):
        names.setName(text, number, 3, 1, 0x409)
    compact = font["CFF "].cff
    compact.fontNames = [full.replace(" ", "-")]
    compact.topDictIndex[0].FullName = full
    compact.topDictIndex[0].FamilyName = NAME


def characters() -> set[int]:
    """Return the code points asked for: KS X 1001 without its Chinese characters, and the ranges."""
    found = {code for begin, end in RANGES for code in range(begin, end)}
    for row in range(0xA1, 0xFF):
        for cell in range(0xA1, 0xFF):
            try:
                character = bytes([row, cell]).decode("euc_kr")
            except UnicodeDecodeError:
                continue
            if not 0x4E00 <= ord(character) <= 0x9FFF and not 0xF900 <= ord(character) <= 0xFAFF:
                found.add(ord(character))
    return found


if __name__ == "__main__":
    main()
