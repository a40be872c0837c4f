"""Staged clips: JPEG in, JPEG out, the same every time, and showing what they say they show."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dongui.demo.staging import (
    TURN_YAWS,
    Print,
    dimmed,
    side_by_side,
    still_clip,
    turned_print,
    two_people_clip,
)


def _picture(colour: tuple[int, int, int], size: tuple[int, int] = (120, 150)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def _pixels(frame: bytes) -> NDArray[np.float64]:
    image = Image.open(io.BytesIO(frame))
    assert image.format == "JPEG"
    return np.asarray(image.convert("RGB"), dtype=np.float64)


def _width_of_red(frame: bytes) -> int:
    row = _pixels(frame)[240]
    return int((row[:, 0] - row[:, 1] > 80).sum())


def test_a_turned_print_narrows_by_the_cosine_of_its_turn() -> None:
    """Law: the staged turn is the turn it names."""
    held = Print(width_mm=200.0, distance_mm=2000.0)
    straight, turned = turned_print(_picture((220, 20, 20)), held=held, yaws=[0.0, 34.0])
    assert _width_of_red(straight) == pytest.approx(300, abs=4)
    assert _width_of_red(turned) == pytest.approx(300 * np.cos(np.radians(34)), abs=5)


def test_a_bent_print_shows_less_of_its_sides() -> None:
    """Law: bending foreshortens the edges."""
    picture = _picture((220, 20, 20))
    flat, *_ = turned_print(picture, held=Print(width_mm=200.0), yaws=[0.0])
    bent, *_ = turned_print(picture, held=Print(width_mm=200.0, bend_radius_mm=80.0), yaws=[0.0])
    assert _width_of_red(bent) < 0.8 * _width_of_red(flat)


def test_staging_gives_the_same_bytes_every_time() -> None:
    """Law: nothing but a fixed seed is drawn: a measurement can be repeated."""
    picture = _picture((90, 120, 60))
    first = turned_print(picture, yaws=[0.0, 20.0])
    assert first == turned_print(picture, yaws=[0.0, 20.0])
    longer_than_a_turn = still_clip(picture, frames=20)
    assert longer_than_a_turn == still_clip(picture, frames=20)
    assert longer_than_a_turn[:3] == still_clip(picture, frames=3)


def test_no_two_frames_of_a_clip_are_the_same() -> None:
    """Law: a camera's noise differs from frame to frame, also before a picture held still."""
    assert len(set(still_clip(_picture((90, 120, 60)), frames=20))) == 20


def test_a_full_turn_has_the_frames_of_the_rendered_clips() -> None:
    """Law: prints are turned through the same yaws as the heads they are measured beside."""
    assert len(TURN_YAWS) == 15
    assert (min(TURN_YAWS), max(TURN_YAWS)) == (-34.0, 36.0)


def test_two_people_stand_side_by_side_at_one_height() -> None:
    """Law: neither picture is cut."""
    joined = _pixels(side_by_side(_picture((200, 0, 0)), _picture((0, 0, 200), (100, 100))))
    assert joined.shape == (150, 120 + 150, 3)
    assert joined[75, 60, 0] > 150
    assert joined[75, 200, 2] > 150
    assert len(two_people_clip([_picture((1, 2, 3))] * 2, _picture((200, 0, 0)))) == 2


def test_a_dimmed_clip_keeps_the_share_of_light_it_names() -> None:
    """Law: exposure is a factor on the light."""
    (dark,) = dimmed([_picture((200, 200, 200))], exposure=0.1)
    assert _pixels(dark).mean() == pytest.approx(20, abs=2)
