"""Measure attack detection: APCER by species, BPCER by kind of turn, each with its attempts and interval.

    DONGUI_TEST_DATA=... python training/attack_detection/measure.py [--people N] > figures.md

Every clip goes through the pipeline's own decoding, detection, following and landmarks. Print material: the
portraits of the 12 rendered people and of the London people (only aggregates of theirs are printed). Prints
are staged at life size: 63 mm from pupil to pupil. Species are never pooled (ISO/IEC 30107-3).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.attack_detection.parallax import assess_turn
from dongui.biometrics.attack_detection.turn import measure_turn
from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.face_in_clip import FaceInClip
from dongui.biometrics.intervals import Proportion
from dongui.biometrics.landmarks import Landmarker, Landmarks
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Source
from dongui.demo.staging import Print, still_clip, turned_print
from dongui.errors import Refused, Undetermined

_LIFE_SIZE_MM = 63.0
_BENDS_MM = (None, 120.0, 80.0, 60.0)
_LEFT_FIRST = Challenge(Side.PICTURE_LEFT)
_RIGHT_FIRST = Challenge(Side.PICTURE_RIGHT)

Clip = Sequence[Landmarks | None]


@dataclass(slots=True)
class Row:
    """Attempts of one species and how each was answered; figures of those that could be measured."""

    title: str
    answers: list[str] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    parallax: list[float] = field(default_factory=list)
    across: list[float] = field(default_factory=list)
    relief: list[float] = field(default_factory=list)

    def add(self, clip: Clip, challenge: Challenge) -> None:
        measured = measure_turn(clip)
        if measured is not None:
            self.turns.append(measured.turn_degrees)
            self.parallax.append(measured.parallax)
            self.across.append(measured.parallax_across)
            self.relief.append(measured.relief)
        try:
            assess_turn(clip, challenge=challenge)
            self.answers.append("live")
        except Refused as error:
            self.answers.append(error.name)
        except Undetermined as error:
            self.answers.append(error.name)

    def share(self, name: str) -> str:
        proportion = Proportion(self.answers.count(name), len(self.answers))
        low, high = proportion.interval()
        return f"{proportion.hits} ({100 * low:.1f} to {100 * high:.1f}%)"

    def line(self) -> str:
        refused = "attack-detection.flat-surface"
        undetermined = sorted({name for name in self.answers if name not in ("live", refused)})
        names = ", ".join(f"{name.split('.')[1]} {self.answers.count(name)}" for name in undetermined)
        return (
            f"| {self.title} | {len(self.answers)} | {self.share('live')} | {self.share(refused)} "
            f"| {names or 'none'} |"
        )

    def spread(self) -> str:
        cells = (_range(values) for values in (self.turns, self.parallax, self.across, self.relief))
        return f"| {self.title} | {len(self.turns)} | " + " | ".join(cells) + " |"


def _range(values: Sequence[float]) -> str:
    if not values:
        return "not measurable"
    digits = 0 if max(values) > 5 else 2
    return " / ".join(f"{value:.{digits}f}" for value in np.percentile(values, [0, 50, 100]))


class Eye:
    """The pipeline's way from encoded frames to landmarks."""

    def __init__(self) -> None:
        self._detector, self._landmarker = FaceDetector(), Landmarker.load()

    def clip(self, frames: Sequence[bytes]) -> Clip:
        face = FaceInClip(self._detector, self._landmarker)
        for number, frame in enumerate(frames):
            picture = EncodedPicture.open(memoryview(frame), source=Source.CAPTURE, what=f"frame {number}")
            sample = picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS))
            with sample:
                face.see(picture, sample, last=number == len(frames) - 1)
        return face.landmarks

    def print_width(self, portrait: bytes) -> float | None:
        """The printed width in mm at which the face is life size; ``None`` if no face is found."""
        picture = EncodedPicture.open(memoryview(portrait), source=Source.CAPTURE, what="portrait")
        with picture.decode(reduction=1) as sample:
            found = next(
                (
                    boxes
                    for side in (270, 540, 1080)
                    if (boxes := self._detector.find(sample.pixels, side=side))
                ),
                (),
            )
            if len(found) != 1:
                return None
            inter_eye = self._landmarker.locate(sample.pixels, found[0]).inter_eye_distance
            return float(_LIFE_SIZE_MM / inter_eye * sample.pixels.shape[1])


def _read_all(folder: Path, pattern: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.glob(pattern))]


def bona_fide(eye: Eye, rendered: Sequence[Path]) -> Iterator[Row]:
    """The 12 clips, reversed (the other side first), and stopped short at 26 degrees."""
    rows = [
        Row("turn as recorded, left first"),
        Row("reversed, right first"),
        Row("as recorded, furthest frames left out (26 degrees)"),
        Row("as recorded, the challenge asks for the other order"),
        Row("nod instead of a turn"),
    ]
    for person in rendered:
        frames = _read_all(person, "turn-*.jpg")
        clip = eye.clip(frames)
        rows[0].add(clip, _LEFT_FIRST)
        rows[1].add(eye.clip(frames[::-1]), _RIGHT_FIRST)
        short = [frame for number, frame in enumerate(frames) if number not in (4, 10, 11)]
        rows[2].add(eye.clip(short), _LEFT_FIRST)
        rows[3].add(clip, _RIGHT_FIRST)
        rows[4].add(eye.clip(_read_all(person, "nod-*.jpg")), _LEFT_FIRST)
    yield from rows


def attacks(eye: Eye, portraits: Sequence[bytes], origin: str) -> Iterator[Row]:
    """Each portrait as each species, the turn following the challenge."""
    widths = [eye.print_width(portrait) for portrait in portraits]
    held = [(portrait, width) for portrait, width in zip(portraits, widths, strict=True) if width is not None]
    for bend in _BENDS_MM:
        row = Row(f"{origin}, {'flat print' if bend is None else f'bent print, {bend / 10:.0f} cm'}")
        for portrait, width in held:
            frames = turned_print(portrait, held=Print(width_mm=width, bend_radius_mm=bend))
            row.add(eye.clip(frames), _LEFT_FIRST)
        yield row
    still = Row(f"{origin}, print held still")
    for portrait, width in held:
        frame, *_ = turned_print(portrait, held=Print(width_mm=width), yaws=[0.0])
        still.add(eye.clip(still_clip(frame)), _LEFT_FIRST)
    yield still


def _print_tables(title: str, live: str, rows: Sequence[Row], line: Callable[[str], None]) -> None:
    line(f"\n### {title}\n\n| species | attempts | {live} | refused as flat | undetermined |")
    line("|---|---|---|---|---|")
    for row in rows:
        line(row.line())
    line("\n| species | measured | turn, degrees | parallax | parallax across | relief |")
    line("|---|---|---|---|---|---|")
    for row in rows:
        line(row.spread())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=51, help="London people to print")
    wanted = parser.parse_args().people
    faces = Path(os.environ["DONGUI_TEST_DATA"]) / "faces"
    rendered = [folder for folder in sorted((faces / "rendered").iterdir()) if folder.is_dir()]
    eye = Eye()
    _print_tables("Bona fide", "found live", list(bona_fide(eye, rendered)), print)
    portraits = [(folder / "portrait.jpg").read_bytes() for folder in rendered]
    _print_tables(
        "Prints of rendered people", "found live (APCER)", list(attacks(eye, portraits, "rendered")), print
    )
    london = _read_all(faces / "london", "*-neutral.jpg")[:wanted]
    _print_tables(
        "Prints of the London people", "found live (APCER)", list(attacks(eye, london, "London")), print
    )


if __name__ == "__main__":
    main()
