"""A code on a screen as a phone's camera sees it, and what a reader makes of it."""

from __future__ import annotations

import io

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

__all__ = ["photographed", "read_codes"]


def photographed(picture: Image.Image, *, width: int, angle: float, seed: int) -> Image.Image:
    """A screen's code as a phone sees it: small, turned, leaning, out of focus, dim, grainy, compressed."""
    side = width + 200
    view = Image.new("L", (side, side), 140)
    view.paste(picture.convert("L").resize((width, width), Image.Resampling.BOX), (100, 100))
    view = view.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=140)
    lean = 0.06 * side
    corners = (0, 0, lean, side, side - lean / 2, side - lean, side, lean / 3)
    view = view.transform((side, side), Image.Transform.QUAD, corners, resample=Image.Resampling.BICUBIC)
    light = np.asarray(view.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float64)
    grain = np.random.default_rng(seed).normal(0, 8, light.shape)
    dim = (120 + 0.6 * (light - 128) + grain).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(dim).save(out, "JPEG", quality=60)
    return Image.open(out)


def read_codes(view: Image.Image) -> list[str]:
    """The texts of the QR codes in a picture; a reader of every format finds film edges in a large code."""
    return [found.text for found in zxingcpp.read_barcodes(view, formats=zxingcpp.BarcodeFormat.QRCode)]
