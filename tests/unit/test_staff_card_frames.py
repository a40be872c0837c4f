"""A card made and printed reads back from a camera's frames, and only a card does."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import segno
from numpy.typing import NDArray
from PIL import Image

from dongui.documents.staff_card.card_picture import CardFace, draw_card
from dongui.documents.staff_card.from_frames import MAX_FRAMES, read_frames
from dongui.documents.staff_card.issuing import make_code
from dongui.errors import DonguiError
from dongui.fonts import font_bytes
from simulators.seen_cards import code_frame, seen
from simulators.staff_cards import AT, CardOffice

NOTHING = np.full((720, 1280), 90, np.uint8)


@pytest.fixture(scope="module")
def text() -> str:
    return CardOffice(sites=2).issue().text


def named(frames: list[NDArray[np.uint8]]) -> str:
    with pytest.raises(DonguiError) as caught:
        read_frames(frames)
    return caught.value.name


def test_a_printed_card_reads_back(text: str) -> None:
    """The whole card, as printed, held into a frame: leaning, blurred, dim and grainy."""
    face = CardFace(text, "Hong Gildong", "E-10234", "Saebom", AT, b"c" * 16, b"r" * 16)
    printed = draw_card(face, font=None)
    assert printed.version == 18
    assert 36 < printed.code_mm < 39.5
    assert printed.pdf.startswith(b"%PDF-")
    card = Image.open(io.BytesIO(printed.png))
    assert (round(card.width / 600 * 25.4, 1), round(card.height / 600 * 25.4)) == (85.6, 54)
    assert read_frames([NOTHING, seen(card, scale=0.4)]) == text


@pytest.mark.parametrize("pixels", [2.5, 3, 5])
def test_a_code_reads_from_a_few_pixels_a_module(text: str, pixels: float) -> None:
    """From 2.5 pixels a module on, whatever the grain."""
    for seed in range(3):
        assert read_frames([code_frame(text, pixels_per_module=pixels, seed=seed)]) == text


def test_no_card_in_view_is_nobodys_fault() -> None:
    """Nothing, or a poster's code: undetermined by name."""
    assert named([NOTHING]) == "staff-card.no-code"
    poster = code_frame("HTTPS://POSTER.EXAMPLE", pixels_per_module=6)
    assert named([poster]) == "staff-card.no-code"


def test_a_poster_beside_the_card_is_passed_over(text: str) -> None:
    """The card is read all the same."""
    poster = code_frame("HTTPS://POSTER.EXAMPLE", pixels_per_module=6)
    assert read_frames([poster, code_frame(text, pixels_per_module=3)]) == text
    side_by_side = np.concatenate([poster, code_frame(text, pixels_per_module=3)], axis=1)
    assert read_frames([side_by_side]) == text


def test_two_cards_in_view_leave_open_which_is_meant(text: str) -> None:
    """In one frame or in two: an answer about whichever was found first would be chance."""
    first = code_frame(text, pixels_per_module=3)
    second = code_frame(CardOffice(sites=2).issue().text, pixels_per_module=3)
    assert named([first, NOTHING, second]) == "staff-card.several-codes"
    assert named([np.concatenate([first, second], axis=1)]) == "staff-card.several-codes"
    assert read_frames([first, first]) == text


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [NOTHING] * (MAX_FRAMES + 1),
        [np.zeros((4, 4, 3), np.uint8)],
        [np.zeros((4, 0), np.uint8)],
        [np.zeros((4, 4), np.float32)],
        [np.broadcast_to(np.uint8(0), (10_000, 10_000))],
    ],
)
def test_frames_are_bounded(frames: list[NDArray[np.uint8]]) -> None:
    """Too many, too large, in colour or empty: named before any is looked at."""
    assert named(frames) == "staff-card.bad-frames"


def test_the_code_is_at_level_m(text: str) -> None:
    """Fifteen in a hundred code words may be lost to scratches."""
    code: segno.QRCode = make_code(text)
    assert code.error == "M"


def test_a_name_that_cannot_be_drawn_is_not_printed_as_boxes(text: str) -> None:
    """Hangul without a font is named, and so is a font that is none."""
    face = CardFace(text, "홍길동", "E-10234", "Saebom", AT, b"c" * 16, b"r" * 16)
    with pytest.raises(DonguiError) as caught:
        draw_card(face, font=None)
    assert caught.value.name == "staff-card.font-missing"
    with pytest.raises(DonguiError) as caught:
        draw_card(face, font=b"no font")
    assert caught.value.name == "staff-card.font-unreadable"


def test_the_font_that_ships_writes_hangul(text: str) -> None:
    """A Korean name and office are printed without any font of the system's; a letter it lacks is named."""
    face = CardFace(text, "홍길동", "E-10234", "새봄 항만공사", AT, b"c" * 16, b"r" * 16)
    assert draw_card(face, font=font_bytes()).pdf.startswith(b"%PDF")
    thai = dataclasses.replace(face, name="สมชาย")
    with pytest.raises(DonguiError) as caught:
        draw_card(thai, font=font_bytes())
    assert caught.value.name == "staff-card.font-missing"
