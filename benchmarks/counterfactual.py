"""What moves when only the skin, the light or the pose of people who do not exist is changed.

    DONGUI_TEST_DATA=../shared python benchmarks/counterfactual.py [--write]

Prints Markdown. ``--write`` puts it into ``docs/explanation/counterfactuals.md``.

The rendered people's skin is given another colour: every skin pixel's linear light is multiplied by the ratio
of two albedos, so that shape, hair, eyes, lamp and background stay what they were.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from dongui.biometrics.acquisition import acquire
from dongui.biometrics.comparison import pair_distances
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.pixels import Features
from dongui.biometrics.quality.gate import measure, require_answerable
from dongui.biometrics.reference import take_reference
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Undetermined

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "counterfactuals.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PEOPLE = tuple(f"{number:02}" for number in range(1, 13))
MATED, NON_MATED = 0.42, 0.60

# Five colours of skin in even white light, sRGB, light to dark; ours, spread over what people have.
SKINS = {
    "1 (lightest)": (244, 208, 190),
    "2": (222, 174, 144),
    "3": (186, 130, 98),
    "4": (132, 86, 62),
    "5 (darkest)": (82, 52, 40),
}
# In this light the second skin sends the camera what the darkest one does in full light.
AS_DARK = 0.09
LIGHTS = (1.0, 0.5, 0.25, 0.125)

Floats = NDArray[np.float64]
Levels = NDArray[np.uint8]


def main() -> None:
    """Measure, print, and write where asked to."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        sys.exit("DONGUI_TEST_DATA is not set: it names the folder that holds faces/rendered")
    text = report(Path(folder, "faces", "rendered"))
    print(text)
    if "--write" in sys.argv[1:]:
        write_page(text)


def report(people: Path) -> str:
    """Markdown: skin alone, light with skin, pose and light with the skin as it was rendered."""
    instruments = Instruments.load(cache=Path(tempfile.gettempdir(), "dongui-bench"), progress=lambda _: None)
    stage = Stage(people, instruments)
    return "\n\n".join(
        [
            "The same twelve people in each of five skins; nothing else differs between the rows:",
            stage.skins(),
            "One person's portrait in two skins. Nobody changes so: it shows how much of a template is skin.",
            stage.other_skin(),
            "The same in less light: in how many of 24 pictures (portrait, first frame of the clip) a face "
            "is found, and how many of these the gate lets through:",
            stage.dimmed(),
            "The skin as it was rendered, another light or pose than the portrait's:",
            stage.lights_and_poses(),
        ]
    )


class Stage:
    """The people, and what looks at them. ``features`` of a picture that gives no template are ``None``."""

    def __init__(self, people: Path, instruments: Instruments) -> None:
        self._people = people
        self._instruments = instruments
        self._seen: dict[tuple[str, str], Levels] = {}
        self._skin: dict[tuple[str, str], tuple[Floats, Floats]] = {}

    def skins(self) -> str:
        """Mated and non-mated distances with everybody in one skin."""
        columns = ("Skin", "Mated: median", "range", "Non-mated: median", "range", "mated", "undetermined")
        rows = [self.in_one_skin(skin) for skin in SKINS]
        # Is it the skin, or that there is less light and fewer levels to see by?
        return table(columns, [*rows, self.in_one_skin("2", light=AS_DARK)])

    def in_one_skin(self, skin: str, *, light: float = 1.0) -> tuple[str, ...]:
        """One row of :meth:`skins`."""
        portraits, others, smiles = (
            [self._features(self._shown(name, picture, SKINS[skin], light=light)) for name in PEOPLE]
            for picture in ("portrait", "turn-00", "smile")
        )
        mated = distances([*zip(portraits, others, strict=True), *zip(portraits, smiles, strict=True)])
        non_mated = distances(itertools.combinations(portraits, 2))
        said = skin if light == 1 else f"{skin}, in light x {light:g}"
        return (said, *spread(mated), *spread(non_mated), *decided(non_mated))

    def other_skin(self) -> str:
        """Distances between one person's portraits in two skins."""
        shown = {
            skin: [self._features(self._shown(name, "portrait", albedo)) for name in PEOPLE]
            for skin, albedo in SKINS.items()
        }
        rows = []
        for one, other in itertools.combinations(SKINS, 2):
            found = distances(zip(shown[one], shown[other], strict=True))
            rows.append((f"{one} and {other}", *spread(found)))
        return table(("Skins", "Median", "range"), rows)

    def dimmed(self) -> str:
        """Detection and the gate by skin and light."""
        rows = []
        for skin, albedo in SKINS.items():
            cells = []
            for light in LIGHTS:
                pictures = [
                    self._shown(name, picture, albedo, light=light)
                    for name in PEOPLE
                    for picture in ("portrait", "turn-00")
                ]
                found = [self._answerable(picture) for picture in pictures]
                seen = sum(one is not None for one in found)
                cells.append(f"{seen}, {sum(one is True for one in found)}")
            rows.append((skin, *cells))
        return table(("Skin", *(f"light x {light:g}" for light in LIGHTS)), rows)

    def lights_and_poses(self) -> str:
        """Distances from the portrait in the rendered lights and turns."""
        portraits = [self._features(self._shown(name, "portrait", None)) for name in PEOPLE]
        rows = []
        for picture, what in (
            ("turn-00", "the clip's first frame, facing the camera"),
            ("smile", "smiling"),
            ("dim", "in dim light"),
            ("side-lit", "lit from one side"),
            ("turn-02", "turned 17 degrees"),
            ("turn-03", "turned 26 degrees"),
            ("turn-04", "turned 34 degrees"),
            ("nod-02", "nodded 16 degrees"),
        ):
            others = [self._features(self._shown(name, picture, None)) for name in PEOPLE]
            found = distances(zip(portraits, others, strict=True))
            rows.append((what, f"{len(found)} of {len(PEOPLE)}", *spread(found), *decided(found)))
        columns = ("Against the portrait", "Answered", "Distance: median", "range", "mated", "undetermined")
        return table(columns, rows)

    def _shown(
        self, name: str, picture: str, albedo: tuple[int, int, int] | None, *, light: float = 1.0
    ) -> Levels:
        if (name, picture) not in self._seen:
            with Image.open(self._people / name / f"{picture}.jpg") as opened:
                self._seen[name, picture] = np.array(opened.convert("RGB"))
        pixels = self._seen[name, picture]
        if albedo is None:
            return pixels
        if (name, picture) not in self._skin:
            cheeks = self._cheeks(pixels)
            self._skin[name, picture] = cheeks, skin(linear(pixels), cheeks)
        return in_skin(pixels, *self._skin[name, picture], albedo, light)

    def _cheeks(self, pixels: Levels) -> Floats:
        """Mean linear colour of both cheeks."""
        with acquire(
            encoded(pixels), detector=self._instruments.detector, aligner=self._instruments.aligner
        ) as at:
            shown = self._instruments.landmarker.locate(at.sample.pixels, at.face)
            scale = at.sample.reduction
        side = max(2, int(0.12 * shown.inter_eye_distance * scale))
        places = [
            (shown[f"{eye}-eye-outer"] + shown[f"{eye}-mouth-corner"]) / 2 * scale
            for eye in ("right", "left")
        ]
        patches = [
            pixels[int(y) - side : int(y) + side, int(x) - side : int(x) + side].reshape(-1, 3)
            for x, y in places
        ]
        return np.asarray(np.median(linear(np.concatenate(patches)), axis=0))

    def _features(self, pixels: Levels) -> Features | None:
        try:
            with take_reference(encoded(pixels).data, instruments=self._instruments) as reference:
                return np.array(reference.template.features)
        except Undetermined:
            return None

    def _answerable(self, pixels: Levels) -> bool | None:
        """Whether the gate lets it through; ``None`` where no face is found."""
        instruments = self._instruments
        try:
            with acquire(encoded(pixels), detector=instruments.detector, aligner=instruments.aligner) as at:
                crop = instruments.aligner.crop(at.sample.pixels, at.points, at.face)
                distance = at.inter_eye_distance
                found = measure(crop, at.points, inter_eye_pixels=distance)
        except Undetermined:
            return None
        try:
            require_answerable(found, what="it")
        except Undetermined:
            return False
        return True


def in_skin(
    pixels: Levels, cheeks: Floats, share: Floats, albedo: tuple[int, int, int], light: float
) -> Levels:
    """Return the picture with its ``share`` of skin brought from ``cheeks`` to ``albedo``, in ``light``."""
    ratio = linear(np.array(albedo, dtype=np.uint8)) * CHEEK_SHADING / cheeks
    shown = linear(pixels) * (1 + share[..., None] * (ratio - 1)) * light
    return np.rint(255 * coded(shown.clip(0, 1))).astype(np.uint8)


# How light the cheeks of the rendered portraits are against what the same albedo gives in full light.
CHEEK_SHADING = 0.6


def skin(shown: Floats, cheeks: Floats) -> Floats:
    """Return how surely each pixel is skin, 0.0 to 1.0, softened at its edges.

    Skin is what has the cheeks' chromaticity, in light or shade; lips, eyes and most hair have not.
    """
    total = shown.sum(axis=-1, keepdims=True)
    apart = np.linalg.norm(shown / np.maximum(total, 1e-4) - cheeks / cheeks.sum(), axis=-1)
    sure = np.clip(1.5 - apart / 0.06, 0, 1) * np.clip(total[..., 0] / (0.06 * cheeks.sum()) - 0.5, 0, 1)
    # The JPEG's colour comes in blocks; a median joins them to what surrounds them.
    blocks = Image.fromarray(np.rint(255 * sure).astype(np.uint8)).filter(ImageFilter.MedianFilter(9))
    smooth = blocks.filter(ImageFilter.GaussianBlur(1.5))
    return np.asarray(smooth, dtype=np.float64) / 255


def linear(levels: NDArray[np.uint8]) -> Floats:
    """Decode sRGB to linear light, 0.0 to 1.0 (IEC 61966-2-1)."""
    shares = levels / 255
    return np.where(shares > 0.04045, ((shares + 0.055) / 1.055) ** 2.4, shares / 12.92)


def coded(shown: Floats) -> Floats:
    """Encode linear light to sRGB, both 0.0 to 1.0."""
    return np.where(shown > 0.0031308, 1.055 * shown ** (1 / 2.4) - 0.055, 12.92 * shown)


def encoded(pixels: Levels) -> EncodedPicture:
    """The picture as a file has it: a JPEG, as cameras make them."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return EncodedPicture.open(memoryview(file.getvalue()), source=Source.CAPTURE, what="the picture")


def distances(pairs: Iterable[tuple[Features | None, Features | None]]) -> Floats:
    """Distances of the pairs in which both pictures gave a template."""
    both = [(one, other) for one, other in pairs if one is not None and other is not None]
    if not both:
        return np.zeros(0)
    return pair_distances(np.array([one for one, _ in both]), np.array([other for _, other in both]))


def spread(found: Floats) -> tuple[str, str]:
    """Median and range."""
    if not len(found):
        return "-", "-"
    return f"{np.median(found):.2f}", f"{found.min():.2f}-{found.max():.2f}"


def decided(found: Floats) -> tuple[str, str]:
    """How many end in mated, and in undetermined, at the shipped bounds."""
    undetermined = int(((found > MATED) & (found < NON_MATED)).sum())
    return f"{int((found <= MATED).sum())}/{len(found)}", f"{undetermined}/{len(found)}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is aligned to the right."""
    lines = [columns, ["---", *["--:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- |", "|---|")


def write_page(text: str) -> None:
    """Replace what stands between the two marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
