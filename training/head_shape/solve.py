"""Solve the mean head's 26 points from pictures of people who do not exist, whose pose is known.

    DONGUI_TEST_DATA=../shared python training/head_shape/solve.py [--write]

Each picture's points are a turned, scaled and moved projection of one shape: with the turns known, shape and
scales follow by least squares, one after the other. People with odd numbers are left out of the fit; the
error on them is printed. ``--write`` replaces ``head_shape.csv`` in the package.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.landmarks import POINT_NAMES
from dongui.biometrics.quality.iso_29794_5 import head_pose

OUT = Path(head_pose.__file__).with_name("head_shape.csv")
ROUNDS = 50

Floats = NDArray[np.float64]


def main() -> None:
    """Solve on one half of the people, tell the error on the other, and write where asked to."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        sys.exit("DONGUI_TEST_DATA is not set: it names the folder that holds faces/rendered-landmarks")
    files = sorted(Path(folder, "faces", "rendered-landmarks").glob("*.csv"))
    seen = [file for file in files if int(file.stem.split("-")[0]) % 2 == 0]
    shape = solve([read(file) for file in seen])
    tell(shape, [read(file) for file in files if file not in set(seen)])
    if "--write" in sys.argv[1:]:
        write(shape)


def read(file: Path) -> tuple[Floats, Floats]:
    """Return a picture's 26 points (x, y) and its yaw, pitch and roll in degrees."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = {row[0]: row[1:3] for row in csv.reader(opened)}
    points = np.array([[float(number) for number in rows[name]] for name in POINT_NAMES])
    return points, np.array([float(rows[name][0]) for name in ("yaw", "pitch", "roll")])


def solve(pictures: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Return the shape, 26 x 3: x right, y down, z towards whoever looks; pupils one apart, mean at zero."""
    shown = np.array([points - points.mean(axis=0) for points, _ in pictures])
    shown /= np.sqrt((shown**2).sum(axis=(1, 2), keepdims=True))
    turns = np.array([head_pose.turn(*angles)[:2] for _, angles in pictures])
    scales = np.ones(len(pictures))
    shape = np.zeros((len(POINT_NAMES), 3))
    for _ in range(ROUNDS):
        rows = (turns * scales[:, None, None]).reshape(-1, 3)
        shape = np.linalg.lstsq(rows, shown.transpose(0, 2, 1).reshape(len(rows), -1), rcond=None)[0].T
        flat = np.einsum("nij,pj->npi", turns, shape)
        scales = (flat * shown).sum(axis=(1, 2)) / (flat**2).sum(axis=(1, 2))
    apart = shape[POINT_NAMES.index("left-pupil")] - shape[POINT_NAMES.index("right-pupil")]
    return np.asarray((shape - shape.mean(axis=0)) / np.linalg.norm(apart))


def tell(shape: Floats, pictures: Sequence[tuple[Floats, Floats]]) -> None:
    """Print how far the pose of exact points is off, in degrees."""
    errors = np.array([np.abs(np.array(head_pose.solve(points, shape)) - said) for points, said in pictures])
    for name, column in zip(("yaw", "pitch", "roll"), errors.T, strict=True):
        print(f"{name}: median {np.median(column):.1f}, 95 of 100 within {np.percentile(column, 95):.1f}")


def write(shape: Floats) -> None:
    """Write the shape to four digits after the point: a hundredth of a millimetre."""
    with OUT.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(("point", "x", "y", "z"))
        for name, row in zip(POINT_NAMES, shape, strict=True):
            writer.writerow((name, *(f"{number:.4f}" for number in row)))


if __name__ == "__main__":
    main()
