"""The landmarker: its weights are the card's, and its points lie where the face is."""

from __future__ import annotations

import csv
import hashlib
import os
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.cards import card
from dongui.biometrics.detection import Box
from dongui.biometrics.landmarks import LANDMARKER, POINT_NAMES, Landmarker, Landmarks
from dongui.errors import Misuse


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    return Landmarker.load()


def test_the_shipped_weights_are_the_ones_the_card_names(landmarker: Landmarker) -> None:
    """Law: no model runs whose weights are not its card's; and the weights stay within 10 MB."""
    weights = resources.files("dongui.biometrics").joinpath("models", "landmarker.onnx").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    assert digest == card(LANDMARKER).weights_sha256 == landmarker.weights_sha256
    assert len(weights) <= 10_000_000


def test_exchanged_weights_are_not_loaded() -> None:
    """Attack: put another network in the package's folder, one that draws a nose on any print."""
    with pytest.raises(Misuse) as caught:
        Landmarker.from_weights(b"another network", expected_sha256=card(LANDMARKER).weights_sha256)
    assert caught.value.name == "landmarker.weights-differ"


def test_the_card_says_nobody_was_depicted() -> None:
    """Law: what Dongui trains itself is trained on people who do not exist."""
    assert card(LANDMARKER).consent_of_its_people == "nobody depicted"


def _rendered(name: str) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], dict[str, list[float]]]:
    data = os.environ.get("DONGUI_TEST_DATA")
    if not data:
        pytest.skip("DONGUI_TEST_DATA is unset: the landmarker's error on held-out people is not measured")
    folder = Path(data) / "faces" / "rendered-landmarks"
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        points = {
            row["point"]: [float(row["x"]), float(row["y"])] for row in csv.DictReader(file) if row["y"]
        }
    return np.asarray(Image.open(folder / f"{name}.jpg").convert("RGB")), points


@pytest.mark.parametrize("pose", range(1, 7))
def test_held_out_people_are_located_near_their_exact_points(landmarker: Landmarker, pose: int) -> None:
    """Law: the median error on people never trained on stays below 6% at every pose to 30 degrees."""
    errors = []
    for person in (299, 298, 297, 296, 295):
        pixels, exact = _rendered(f"{person}-{pose}")
        points = np.array([exact[name] for name in POINT_NAMES])
        low, high = points.min(axis=0), points.max(axis=0)
        side = 1.19 * (high - low).max()
        x, y = (low + high) / 2 - [side / 2, side / 2 + 0.09 * side]
        face = Box(round(x), round(y), round(x + side), round(y + side))
        found = landmarker.locate(pixels, face).points
        inter_eye = np.linalg.norm(points[POINT_NAMES.index("right-pupil")] - points[-1])
        errors.append(np.median(np.linalg.norm(found - points, axis=1)) / inter_eye)
    assert float(np.median(errors)) < 0.06


def test_points_are_in_pixels_of_the_picture_wherever_the_face_lies(landmarker: Landmarker) -> None:
    """Law: moving picture and box together moves the points with them."""
    pixels, _ = _rendered("299-3")
    moved = np.pad(pixels, ((37, 0), (61, 0), (0, 0)), mode="edge")
    here = landmarker.locate(pixels, Box(90, 70, 250, 230)).points
    there = landmarker.locate(moved, Box(151, 107, 311, 267)).points
    np.testing.assert_allclose(there, np.add(here, [61, 37]), atol=1e-3)


def test_a_box_hanging_over_the_picture_is_located_without_failing(landmarker: Landmarker) -> None:
    """Law: a face cut by the edge gives points, not an error."""
    grey = np.full((50, 60, 3), 90, dtype=np.uint8)
    assert landmarker.locate(grey, Box(-40, -30, 45, 55)).points.shape == (26, 2)


def test_pixels_of_another_shape_are_not_guessed_at(landmarker: Landmarker) -> None:
    """Law: grey or floating pixels are the caller's mistake and named as one."""
    with pytest.raises(ValueError, match="must be"):
        landmarker.locate(np.zeros((50, 50), dtype=np.uint8), Box(0, 0, 50, 50))


def test_landmarks_do_not_show_themselves() -> None:
    """Law: points of a face are personal data and stay out of logs."""
    marks = Landmarks(np.arange(52, dtype=np.float64).reshape(26, 2) + 0.25)
    assert ".25" not in repr(marks)
    assert marks["nose-tip"].tolist() == [18.25, 19.25]
    assert marks.several("left-pupil", "right-pupil").tolist() == [[50.25, 51.25], [48.25, 49.25]]
    assert marks.inter_eye_distance == pytest.approx(np.hypot(2, 2))


def test_points_that_are_no_numbers_are_not_landmarks() -> None:
    """Law: a missing point cannot pass as a measured one."""
    with pytest.raises(ValueError, match="no numbers"):
        Landmarks(np.full((26, 2), np.nan))
