"""Secrets to plant and to look for afterwards. Each function runs in a process of its own (``derive``)."""

from __future__ import annotations

import os
from pathlib import Path


def random_secret(path: str, size: str) -> dict[str, bytes]:
    """Write a file of unpredictable bytes."""
    secret = os.urandom(int(size))
    Path(path).write_bytes(secret)
    return {"secret": secret}


def noisy_face(path: str) -> dict[str, bytes]:
    """Write a picture of somebody who does not exist, with noise nobody else's copy has.

    Returns what may lie about after it was looked at: the file, the pixels, the crop, the tensor and the
    features of the inference engine, and the template in both precisions.
    """
    import numpy as np
    from PIL import Image

    import dongui.demo
    from simulators import confined_vision

    person = sorted((Path(dongui.demo.__file__).parent / "people").glob("*/portrait.jpg"))[0]
    clean = np.asarray(Image.open(person).convert("RGB").resize((360, 360))).astype("i2")
    noise = np.random.default_rng().integers(-6, 7, clean.shape)
    Image.fromarray(np.clip(clean + noise, 0, 255).astype("u1")).save(path, quality=95)
    tools = confined_vision.prepare(b"", lambda _message: None)
    assert isinstance(tools, confined_vision.Tools)
    results = confined_vision.examine(tools, Path(path).read_bytes())
    assert results.pop("faces").item() == 1
    template = results["template"]
    # After the last marker only: the Huffman tables before it are the same in every JPEG.
    _, _, scan = Path(path).read_bytes().rpartition(b"\xff\xda")
    return {
        "file": scan[14:],
        **{label: array.tobytes() for label, array in results.items()},
        "template in single precision": template.astype("f4").tobytes(),
    }
