"""YuNet's outputs are decoded as OpenCV decodes them; what is no face is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dongui.biometrics.detection_yunet import Found, YuNet, decoded, without_overlaps
from dongui.biometrics.recognisers.onnx_model import OnnxModel
from dongui.errors import Misuse
from simulators.recogniser_models import blue_squares, planted

SIDES = (64, 96)
NUMBERS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
# Eyes, nose, mouth corners, in cells from the cell's corner.
KPS = (0.2, 0.3, 0.8, 0.3, 0.5, 0.55, 0.3, 0.8, 0.7, 0.8)

Floats = NDArray[np.float32]


def drawn(seed: int) -> dict[str, Floats]:
    generator = np.random.default_rng(seed)
    outputs = {}
    for stride in (8, 16, 32):
        cells = (SIDES[0] // stride) * (SIDES[1] // stride)
        for kind, width in NUMBERS.items():
            values = (
                generator.normal(size=(1, cells, width))
                if width > 1
                else generator.uniform(0.6, 1.3, (1, cells, 1))
            )
            outputs[f"{kind}_{stride}"] = values.astype(np.float32)
    return outputs


def straightforward(outputs: dict[str, Floats]) -> list[list[float]]:
    """Cell by cell, as the published description reads; one row: score, box, marks."""
    rows: list[list[float]] = []
    for stride in (8, 16, 32):
        down, across = SIDES[0] // stride, SIDES[1] // stride
        for r in range(down):
            for c in range(across):
                at = r * across + c
                cls = min(max(float(outputs[f"cls_{stride}"][0, at, 0]), 0), 1)
                obj = min(max(float(outputs[f"obj_{stride}"][0, at, 0]), 0), 1)
                score = math.sqrt(cls * obj)
                if score < 0.9:
                    continue
                dx, dy, dw, dh = (float(one) for one in outputs[f"bbox_{stride}"][0, at])
                width, height = math.exp(dw) * stride, math.exp(dh) * stride
                row = [score, (c + dx) * stride - width / 2, (r + dy) * stride - height / 2, width, height]
                for n in range(5):
                    row.append((float(outputs[f"kps_{stride}"][0, at, 2 * n]) + c) * stride)
                    row.append((float(outputs[f"kps_{stride}"][0, at, 2 * n + 1]) + r) * stride)
                rows.append(row)
    return rows


def flat(face: Found) -> list[float]:
    marks = [place for mark in face.marks for place in mark]
    return [face.score, face.left, face.top, face.width, face.height, *marks]


@pytest.mark.parametrize("seed", range(5))
def test_decoding_agrees_with_a_straightforward_one(seed: int) -> None:
    """Every cell of all three grids: score, box and marks, best first."""
    outputs = drawn(seed)
    found = [flat(face) for face in decoded(outputs, rows=SIDES[0], columns=SIDES[1])]
    expected = straightforward(outputs)
    assert len(expected) > 20
    assert np.allclose(sorted(found), sorted(expected), rtol=1e-5, atol=1e-4)
    assert [row[0] for row in found] == sorted((row[0] for row in found), reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_of_faces_that_overlap_the_best_stays(seed: int) -> None:
    """What is dropped overlaps a better one that is kept by more than 0.3; what is kept overlaps none so."""

    def whole(face: Found) -> tuple[int, ...]:
        return tuple(int(one) for one in (face.left, face.top, face.width, face.height))

    def union(one: Found, other: Found) -> float:
        cells = []
        for x, y, width, height in (whole(one), whole(other)):
            cells.append({(x + i, y + j) for i in range(width) for j in range(height)})
        return len(cells[0] & cells[1]) / max(1, len(cells[0] | cells[1]))

    faces = [
        face
        for face in decoded(drawn(seed), rows=SIDES[0], columns=SIDES[1])
        if face.width >= 1 and face.height >= 1 and face.width * face.height < 4000
    ][:40]
    kept = without_overlaps(faces)
    assert kept[0] is faces[0]
    for face in faces:
        covered = any(
            union(face, better) > 0.3 for better in kept if better.score >= face.score and better is not face
        )
        assert covered != any(face is one for one in kept)


def test_a_face_is_found_where_it_is() -> None:
    """Blue first, padded to the right and below, scaled back: a square's marks lie in the square."""
    detector = YuNet(OnnxModel(blue_squares(KPS).SerializeToString()))
    pixels = np.zeros((480, 640, 3), np.uint8)
    # At half size the square is one whole cell: column 3, row 4.
    pixels[256:320, 192:256, 2] = 255
    (box,) = detector.find(pixels, side=320)
    assert box.marks is not None
    expected = [(64 * (3 + x), 64 * (4 + y)) for x, y in zip(KPS[::2], KPS[1::2], strict=True)]
    # dlib's resizing lays first pixel on first and last on last: a pixel or two of difference over 640.
    assert np.allclose(box.marks, expected, atol=2.5)
    assert box.left < 192 + 13 < 192 + 51 < box.right
    pixels[256:320, 192:256] = (255, 0, 0)
    assert detector.find(pixels, side=320) == ()


def test_two_faces_are_two() -> None:
    """The larger does not win: which of two is the holder's is not for a size to decide."""
    detector = YuNet(OnnxModel(blue_squares(KPS).SerializeToString()))
    pixels = np.zeros((320, 320, 3), np.uint8)
    pixels[32:64, 32:64, 2] = pixels[224:256, 224:256, 2] = 255
    assert len(detector.find(pixels, side=320)) == 2


def test_more_than_the_network_takes_is_brought_to_what_it_takes() -> None:
    """The ladder's largest rung is larger than the input; nothing is cut off."""
    detector = YuNet(OnnxModel(blue_squares(KPS).SerializeToString()))
    pixels = np.zeros((1280, 640, 3), np.uint8)
    pixels[1152:1280, 0:128, 2] = 255
    (box,) = detector.find(pixels, side=1080)
    assert box.marks is not None
    assert 1152 < box.marks[0][1] < 1280


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("bbox_8", 2, math.inf),
        ("bbox_8", 2, math.nan),
        ("bbox_8", 3, 300.0),
        ("kps_8", 4, math.nan),
        ("cls_8", 0, math.nan),
        ("obj_8", 0, -math.inf),
    ],
)
def test_numbers_that_are_none_are_no_face(name: str, place: int, value: float) -> None:
    """A network that overflows says nothing, and nothing of it reaches an array's index."""
    outputs = {key: np.zeros_like(values) for key, values in drawn(0).items()}
    outputs["cls_8"][0, 5] = outputs["obj_8"][0, 5] = 1
    outputs["kps_8"][0, 5] = KPS
    assert len(decoded(outputs, rows=SIDES[0], columns=SIDES[1])) == 1
    outputs[name][0, 5, place] = value
    assert decoded(outputs, rows=SIDES[0], columns=SIDES[1]) == []


def test_marks_in_one_point_are_no_face() -> None:
    """A cell that speaks of a face but gives it no size is passed over."""
    outputs = {key: np.zeros_like(values) for key, values in drawn(0).items()}
    outputs["cls_8"][0, 5] = outputs["obj_8"][0, 5] = 1
    assert decoded(outputs, rows=SIDES[0], columns=SIDES[1]) == []


def test_a_network_of_another_signature_is_refused() -> None:
    """Outputs of other names or sizes, or another input, are no YuNet: named before anybody is looked at."""
    outputs = drawn(0)
    YuNet(OnnxModel(planted(outputs, sides=SIDES).SerializeToString()))
    without = {name: values for name, values in outputs.items() if name != "kps_16"}
    shorter = outputs | {"obj_16": outputs["obj_16"][:, 1:]}
    for wrong, sides in ((without, SIDES), (shorter, SIDES), (outputs, (64, 100)), (outputs, (64, 64))):
        with pytest.raises(Misuse) as refused:
            YuNet(OnnxModel(planted(wrong, sides=sides).SerializeToString()))
        assert refused.value.name == "recogniser.model-unfit"
