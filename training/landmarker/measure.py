"""Measure the landmarker: on rendered people it never saw, and on the London people, who never fit it.

    DONGUI_TEST_DATA=... python training/landmarker/measure.py [--weights FILE.onnx] > figures.md

Errors are distances in percent of the inter-eye distance (exact or hand-placed pupils): of that very picture,
so that the same error in pixels counts more on a turned head. Prints aggregates only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from people import Picture, load
from PIL import Image

from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, Box, FaceDetector
from dongui.biometrics.landmarks import POINT_NAMES, Landmarker

Array = NDArray[np.float64]

# The London set's 189 hand-placed points (counted from 0) that name the same places; where two are given,
# the middle between them. The nose tip has no point of its own there: 54 and 60 lie to either side of it.
LONDON = {
    "right-eye-outer": (18,),
    "right-eye-inner": (22,),
    "left-eye-inner": (23,),
    "left-eye-outer": (27,),
    "right-pupil": (0,),
    "left-pupil": (1,),
    "sellion": (51, 57),
    "nose-tip": (54, 60),
    "right-alare": (63,),
    "left-alare": (68,),
    "subnasale": (55,),
    "right-mouth-corner": (87,),
    "left-mouth-corner": (93,),
    "upper-lip-top": (90,),
    "lower-lip-bottom": (106,),
    "menton": (129,),
}
BINS = (
    *(("yaw", low, high) for low, high in ((0, 10), (10, 20), (20, 30), (30, 45))),
    *(("pitch", low, high) for low, high in ((0, 5), (5, 10), (10, 16))),
    *(("roll", low, high) for low, high in ((0, 4), (4, 8))),
)


def find(detector: FaceDetector, pixels: NDArray[np.uint8]) -> Box | None:
    """The one face, by the ladder of sizes the pipeline uses; ``None`` for none or several."""
    for side in DETECTION_SIDES_PIXELS:
        found = detector.find(pixels, side=side)
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _of_picture(landmarker: Landmarker, detector: FaceDetector, picture: Picture) -> Array | None:
    pixels = picture.colour()
    face = find(detector, pixels)
    if face is None:
        return None
    found = landmarker.locate(pixels, face).points
    exact = picture.points
    inter_eye = np.linalg.norm(
        exact[POINT_NAMES.index("left-pupil")] - exact[POINT_NAMES.index("right-pupil")]
    )
    return np.asarray(100 * np.linalg.norm(found - exact, axis=1) / inter_eye)


def rendered(landmarker: Landmarker, detector: FaceDetector) -> None:
    pictures = load()[1]
    errors = {id(picture): _of_picture(landmarker, detector, picture) for picture in pictures}
    facing = {id(picture): picture.facing > 0 for picture in pictures}
    print(
        "| pose, degrees | pictures | face found | median | 95th | nose tip, median | mouth corners, median |"
    )
    print("|---|---|---|---|---|---|---|")
    for angle, low, high in BINS:
        here = [picture for picture in pictures if low <= abs(getattr(picture, angle)) < high]
        found = [id(picture) for picture in here if errors[id(picture)] is not None]
        seen = np.concatenate([np.asarray(errors[key])[facing[key]] for key in found])
        nose = [np.asarray(errors[key])[POINT_NAMES.index("nose-tip")] for key in found]
        mouth = [np.asarray(errors[key])[13:15].mean() for key in found]
        print(
            f"| {angle} {low} to {high} | {len(here)} | {len(found)} | {np.median(seen):.1f} "
            f"| {np.percentile(seen, 95):.1f} | {np.median(nose):.1f} | {np.median(mouth):.1f} |"
        )


def _hand_placed(file: Path) -> Array:
    with file.open(encoding="utf-8", newline="") as rows:
        placed = np.array([[float(row["x"]), float(row["y"])] for row in csv.DictReader(rows)])
    return np.array([placed[list(LONDON[name])].mean(axis=0) for name in LONDON])


def london(landmarker: Landmarker, detector: FaceDetector) -> None:
    folder = Path(os.environ["DONGUI_TEST_DATA"]) / "faces" / "london"
    with (folder / "people.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    wanted = [POINT_NAMES.index(name) for name in LONDON]
    differences, groups, missed = [], [], 0
    for person in people:
        pixels = np.asarray(Image.open(folder / f"{person['person']}-neutral.jpg").convert("RGB"))
        placed = _hand_placed(folder / f"{person['person']}-neutral.landmarks.csv")
        face = find(detector, pixels)
        if face is None:
            missed += 1
            continue
        eyes = placed[[list(LONDON).index(f"{side}-pupil") for side in ("left", "right")]]
        inter_eye = np.linalg.norm(eyes[0] - eyes[1])
        differences.append((landmarker.locate(pixels, face).points[wanted] - placed) / inter_eye)
        groups.append(person["ethnicity"])
    _london_tables(np.array(differences), groups, missed)


def _london_tables(differences: Array, groups: list[str], missed: int) -> None:
    """The mean difference of each point, one definition against another's, is taken away first."""
    definition = differences.mean(axis=0)
    errors = 100 * np.linalg.norm(differences - definition, axis=2)
    print(f"\n{len(groups)} people, {missed} not found.\n\n| point | definitions differ by | median | 95th |")
    print("|---|---|---|---|")
    for index, name in enumerate(LONDON):
        apart = 100 * np.linalg.norm(definition[index])
        print(f"| {name} | {apart:.1f} | {_figures(errors[:, index])} |")
    print("\n| ethnicity, as they reported it | people | median | 95th | nose tip, median |")
    print("|---|---|---|---|---|")
    by_group: dict[str, list[Array]] = defaultdict(list)
    for group, error in zip(groups, errors, strict=True):
        by_group[group].append(error)
        by_group["all"].append(error)
    nose = list(LONDON).index("nose-tip")
    for group, rows in sorted(by_group.items()):
        tip = np.median([row[nose] for row in rows])
        print(f"| {group} | {len(rows)} | {_figures(np.concatenate(rows))} | {tip:.1f} |")


def _figures(errors: Iterable[float]) -> str:
    values = np.array(list(errors))
    return f"{np.median(values):.1f} | {np.percentile(values, 95):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=None, help="instead of the shipped ones")
    chosen = parser.parse_args().weights
    if chosen is None:
        landmarker = Landmarker.load()
    else:
        weights = chosen.read_bytes()
        landmarker = Landmarker.from_weights(weights, expected_sha256=hashlib.sha256(weights).hexdigest())
    print(f"weights sha256 {landmarker.weights_sha256}\n")
    detector = FaceDetector()
    rendered(landmarker, detector)
    london(landmarker, detector)


if __name__ == "__main__":
    main()
