"""Each component of ISO/IEC 29794-5 follows the thing it is named for, on people who do not exist."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.landmarks import POINT_NAMES, Landmarker, Landmarks
from dongui.biometrics.quality.iso_29794_5 import head_pose
from dongui.biometrics.quality.iso_29794_5.absent import ABSENT
from dongui.biometrics.quality.iso_29794_5.eyes_open import EYES_OPEN
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView, view_face
from dongui.biometrics.quality.iso_29794_5.measuring import COMPONENTS, MeasuredComponent, measure_picture
from dongui.biometrics.quality.iso_29794_5.natural_colour import outside
from dongui.biometrics.quality.iso_29794_5.words import words
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Undetermined
from simulators.biometric_data import data_folder, person

PEOPLE = ("04", "09")
Found = dict[str, MeasuredComponent]


@pytest.fixture(scope="module")
def eyes() -> tuple[FaceDetector, Landmarker]:
    return FaceDetector(), Landmarker.load()


def measured(eyes: tuple[FaceDetector, Landmarker], picture: Image.Image) -> Found:
    stored = io.BytesIO()
    picture.save(stored, "PNG", compress_level=1)
    opened = EncodedPicture.open(memoryview(stored.getvalue()), source=Source.CAPTURE, what="it")
    found = measure_picture(opened, detector=eyes[0], landmarker=eyes[1])
    return {one.component.name: one for one in found}


def shown(number: str, picture: str) -> Image.Image:
    shipped = person(number, picture)
    path = shipped if shipped.exists() else data_folder() / "faces" / "rendered" / number / shipped.name
    return Image.open(path).convert("RGB")


def quality(found: Found, name: str) -> float:
    value = found[name].quality
    assert value is not None
    return value


def native(found: Found, name: str) -> float:
    value = found[name].native
    assert value is not None
    return value


def changed(picture: Image.Image, how: str) -> Image.Image:
    pixels = np.asarray(picture, dtype=np.float64)
    match how:
        case "dark":
            return picture.point(lambda value: value // 6)
        case "bright":
            return picture.point(lambda value: min(255, value * 4))
        case "blue":
            return Image.fromarray((pixels * (0.3, 0.5, 1.0)).astype(np.uint8))
        case "flat":
            return picture.point(lambda value: 90 + value // 6)
        case _:
            side = np.linspace(0.05, 1.0, picture.width)[None, :, None]
            return Image.fromarray((pixels * side).astype(np.uint8))


@pytest.mark.parametrize(
    ("how", "lowered"),
    [
        ("dark", ("luminance-mean", "dynamic-range", "luminance-variance", "under-exposure-prevention")),
        ("bright", ("over-exposure-prevention", "dynamic-range")),
        ("blue", ("natural-colour",)),
        ("flat", ("dynamic-range", "luminance-variance")),
        ("one side", ("illumination-uniformity",)),
    ],
)
@pytest.mark.parametrize("number", PEOPLE)
def test_what_is_done_to_the_light_lowers_what_is_named_for_it(
    eyes: tuple[FaceDetector, Landmarker], number: str, how: str, lowered: tuple[str, ...]
) -> None:
    """Dark, glaring, tinted, flat or one-sided: the measure named for it goes down, for each person."""
    portrait = shown(number, "portrait")
    if how == "one side":  # made alike on both sides first: the portrait's own lamp stands a little aside
        portrait = Image.blend(portrait, portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.5)
    before, after = measured(eyes, portrait), measured(eyes, changed(portrait, how))
    for name in lowered:
        assert quality(after, name) < quality(before, name), name


@pytest.mark.parametrize("number", PEOPLE)
def test_rendered_light_and_turns_are_seen(eyes: tuple[FaceDetector, Landmarker], number: str) -> None:
    """In the rendered clips' own dim light the mean drops, in side light uniformity; a turn is a turn."""
    portrait = measured(eyes, shown(number, "portrait"))
    dim, side = measured(eyes, shown(number, "dim")), measured(eyes, shown(number, "side-lit"))
    assert quality(dim, "luminance-mean") < quality(portrait, "luminance-mean") / 2
    assert quality(dim, "dynamic-range") < quality(portrait, "dynamic-range")
    assert native(side, "illumination-uniformity") < native(portrait, "illumination-uniformity") / 2
    for frame, yaw in (("turn-04", -34), ("turn-11", 36), ("turn-02", -17), ("turn-07", 0)):
        found = measured(eyes, shown(number, frame))
        assert abs(native(found, "head-pose-yaw") - yaw) < 9, frame
    down, up = measured(eyes, shown(number, "nod-02")), measured(eyes, shown(number, "nod-06"))
    assert 20 < native(down, "head-pose-pitch") - native(up, "head-pose-pitch") < 44  # 16 and -16 degrees


def test_cropping_moves_the_side_that_was_cropped(eyes: tuple[FaceDetector, Landmarker]) -> None:
    """A cut at one edge lowers the measure of that edge and of no other; the head grows in the picture."""
    picture = shown("04", "portrait")
    width, height = picture.size
    whole = measured(eyes, picture)
    cuts = {
        "leftward-crop": (width // 5, 0, width, height),
        "rightward-crop": (0, 0, width - width // 5, height),
        "margin-above": (0, height // 12, width, height),
        "margin-below": (0, 0, width, height - height // 12),
    }
    for name, box in cuts.items():
        found = measured(eyes, picture.crop(box))
        for other in cuts:
            moved = native(whole, other) - native(found, other)
            assert (moved > 0.1) if other == name else (abs(moved) < 0.1), (name, other)
    taller = measured(eyes, picture.crop((0, height // 12, width, height)))
    assert native(taller, "head-size") > native(whole, "head-size")


def test_a_smaller_picture_has_fewer_pixels_between_the_eyes(eyes: tuple[FaceDetector, Landmarker]) -> None:
    """Stored pixels count: at half the size half as many, at any scale the picture is decoded at."""
    picture = shown("05", "portrait")
    double = picture.resize((picture.width * 4, picture.height * 4))
    sizes = [native(measured(eyes, one), "inter-eye-distance") for one in (picture, double)]
    assert sizes[1] / sizes[0] == pytest.approx(4, rel=0.03)


def test_a_second_face_is_counted_by_its_size(eyes: tuple[FaceDetector, Landmarker]) -> None:
    """One face gives 100; two of one size 0; a smaller second one something between."""
    one = shown("04", "portrait").resize((300, 300))
    both = Image.new("RGB", (600, 300))
    both.paste(one, (0, 0))
    both.paste(shown("05", "portrait").resize((300, 300)), (300, 0))
    smaller = both.copy()
    ImageDraw.Draw(smaller).rectangle((300, 0, 600, 300), fill=(90, 90, 90))
    smaller.paste(shown("05", "portrait").resize((200, 200)), (350, 50))
    scalars = [measured(eyes, picture)["single-face-present"].scalar for picture in (one, smaller, both)]
    assert scalars[0] == 100
    assert 100 > (scalars[1] or 0) > (scalars[2] or 0)
    assert scalars[2] is not None
    assert scalars[2] < 30


def test_no_face_is_undetermined(eyes: tuple[FaceDetector, Landmarker]) -> None:
    """Without a face there is nothing to measure, and no number is made up."""
    with pytest.raises(Undetermined, match="no face") as caught:
        measured(eyes, Image.new("RGB", (320, 320), (120, 130, 140)))
    assert caught.value.name == "capture.no-face"


@pytest.fixture
def view(eyes: tuple[FaceDetector, Landmarker]) -> FaceView:
    pixels = np.array(shown("04", "portrait"))
    (box,) = eyes[0].find(pixels, side=270)
    return view_face(pixels, eyes[1].locate(pixels, box), reduction=1, areas=(1.0,))


def test_the_eye_that_is_less_open_counts(view: FaceView) -> None:
    """With one eye's lids brought together the value drops to nothing, whichever eye it is."""
    for side in ("right", "left"):
        points = view.landmarks.points.copy()
        upper, lower = POINT_NAMES.index(f"{side}-upper-lid"), POINT_NAMES.index(f"{side}-lower-lid")
        points[upper] = points[lower]
        shut = replace(view, landmarks=Landmarks(points))
        assert EYES_OPEN.native(shut) == 0
        assert EYES_OPEN.scalar(0) < 15 < EYES_OPEN.scalar(EYES_OPEN.native(view))


def test_a_face_shrunk_to_a_point_measures_nothing(view: FaceView) -> None:
    """Where the points leave nothing to divide by there is no value, and no failure."""
    nowhere = replace(view, landmarks=Landmarks(np.full((26, 2), 50.0)), region=np.zeros((616, 616), bool))
    for component in COMPONENTS:
        found = MeasuredComponent.of(component, component.native(nowhere))
        assert (found.native is None) == (found.scalar is None)


def test_a_view_is_overwritten(view: FaceView) -> None:
    """What was aligned of the face is zero once the view is left."""
    with view:
        assert view.aligned.any()
    assert not view.aligned.any()
    assert not view.luminance.any()


@settings(max_examples=60, deadline=None)
@given(yaw=st.floats(-60, 60), pitch=st.floats(-40, 40), roll=st.floats(-40, 40), scale=st.floats(0.5, 500))
def test_a_turned_head_is_read_as_it_was_turned(yaw: float, pitch: float, roll: float, scale: float) -> None:
    """The mean head, turned by any angles and seen from far away, gives these angles back."""
    shape = np.random.default_rng(7).normal(size=(26, 3))
    points = scale * shape @ head_pose.turn(yaw, pitch, roll)[:2].T + (30, 40)
    assert head_pose.solve(points, shape - shape.mean(axis=0)) == pytest.approx((yaw, pitch, roll), abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [(5, 5, 0), (25, 35, 0), (28, 39, 5), (2, 20, 3), (30, 20, 5), (-0.1, 20, 100), (20, -0.1, 100)],
)
def test_natural_colours_are_a_box(a: float, b: float, apart: float) -> None:
    """The distance is to the box's nearest point; green and blue casts are out of sight of it."""
    assert outside(a, b) == pytest.approx(apart)


def test_every_component_of_the_standard_is_measured_or_absent_by_name() -> None:
    """The 28 values OFIQ reports: each is measured with its words, or named with the reason it is not."""
    names = [one.name for one in COMPONENTS]
    absent = [one.name for one in ABSENT]
    assert len({*names, *absent}) == len(names) + len(absent) == 28
    assert set(words()) == set(names)
    assert all(one.reason and one.reason_ko for one in ABSENT)


def test_every_unit_has_one_name_in_korean() -> None:
    """What is one unit in English is one in Korean; and no other unit has its name."""
    named = {(one.unit, words()[one.name].unit_ko) for one in COMPONENTS}
    assert len(named) == len({unit for unit, _ in named}) == len({unit for _, unit in named})
