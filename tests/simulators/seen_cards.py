"""A printed card as a door's camera sees it: in a large dark frame, leaning, blurred, dim and grainy."""

from __future__ import annotations

import io

import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageFilter

__all__ = ["code_frame", "seen"]


def code_frame(
    text: str, *, pixels_per_module: float, seed: int = 0, lean: float = 0.04
) -> NDArray[np.uint8]:
    """A card's code alone, drawn at 9 dots a module as it is printed, then seen."""
    out = io.BytesIO()
    code = segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False)
    code.save(out, kind="png", scale=9, border=4)
    return seen(Image.open(out), scale=pixels_per_module / 9, seed=seed, lean=lean)


def seen(
    picture: Image.Image, *, scale: float, seed: int = 0, lean: float = 0.04, angle: float = 4.0
) -> NDArray[np.uint8]:
    """A frame of 720 rows or more with the card in it, ``scale`` times its printed dots."""
    small = picture.convert("L").resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BOX
    )
    width, height = max(1280, small.width + 160), max(720, small.height + 160)
    frame = Image.new("L", (width, height), 70)
    frame.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    frame = frame.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=70)
    off = lean * height
    corners = (0, 0, off, height, width - off / 2, height - off, width, off / 3)
    frame = frame.transform((width, height), Image.Transform.QUAD, corners, resample=Image.Resampling.BICUBIC)
    light = np.asarray(frame.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float64)
    grain = np.random.default_rng(seed).normal(0, 8, light.shape)
    return (120 + 0.6 * (light - 128) + grain).clip(0, 255).astype(np.uint8)
