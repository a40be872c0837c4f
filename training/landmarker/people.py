"""The training set: 200 people who do not exist, eight poses each, 26 exact points a picture."""

from __future__ import annotations

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dongui.biometrics.landmarks import POINT_NAMES

HELD_OUT = 40  # people, the last in the order of their seeds: measured with, never trained on


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the person's seed, grey pixels (height, width) uint8, points (26, 2), facing (26,)."""

    person: int
    path: Path
    points: NDArray[np.float64]
    facing: NDArray[np.float64]
    yaw: float
    pitch: float
    roll: float

    def grey(self) -> NDArray[np.uint8]:
        return np.asarray(Image.open(self.path).convert("L"))

    def colour(self) -> NDArray[np.uint8]:
        return np.asarray(Image.open(self.path).convert("RGB"))


def folder() -> Path:
    """The folder of rendered people under ``DONGUI_TEST_DATA``."""
    return Path(os.environ["DONGUI_TEST_DATA"]) / "faces" / "rendered-landmarks"


def _read(points_file: Path) -> Picture:
    with points_file.open(encoding="utf-8", newline="") as file:
        rows = {row["point"]: row for row in csv.DictReader(file)}
    points = np.array([[float(rows[name]["x"]), float(rows[name]["y"])] for name in POINT_NAMES])
    facing = np.array([float(rows[name]["facing"]) for name in POINT_NAMES])
    yaw, pitch, roll = (float(rows[angle]["x"]) for angle in ("yaw", "pitch", "roll"))
    person = int(points_file.stem.split("-")[0])
    return Picture(person, points_file.with_suffix(".jpg"), points, facing, yaw, pitch, roll)


def load() -> tuple[list[Picture], list[Picture]]:
    """Return (to train on, held out), split by person."""
    pictures = [_read(file) for file in sorted(folder().glob("*.csv"))]
    last = set(sorted({picture.person for picture in pictures})[-HELD_OUT:])
    return (
        [picture for picture in pictures if picture.person not in last],
        [picture for picture in pictures if picture.person in last],
    )


def digest() -> str:
    """SHA-256 over the names and contents of every file of the folder, in the order of their names."""
    total = hashlib.sha256()
    for file in sorted(folder().iterdir()):
        total.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
