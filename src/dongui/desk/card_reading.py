"""From pictures to the text of the one card's code in them, in a process of its own.

The pictures are the camera's frames, the same the face is taken from, or one picture of a code. They are
decoded where a decoder that is taken over can reach nothing; what comes out is a text that anybody could have
written, and is judged as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.sample import EncodedPicture, Source
from dongui.confinement import Confined, Confinement
from dongui.documents.recognising import Kind, is_picture, recognise
from dongui.errors import Trouble
from dongui.memory import SecretBuffer, forbid_core_dumps, wipe_all

__all__ = ["PREPARE", "READ_CODE", "prepare", "read_card", "read_code", "start_reader"]

PREPARE = "dongui.desk.card_reading:prepare"
READ_CODE = "dongui.desk.card_reading:read_code"
_TIMEOUT_SECONDS = 60.0
_MEMORY_BYTES = 2 * 2**30


def start_reader(*, progress: Callable[[str], None]) -> Confinement:
    """Start a process that reads codes and loads no model. A context manager."""
    return Confinement.start(
        PREPARE,
        arguments=b"",
        progress=progress,
        timeout_seconds=_TIMEOUT_SECONDS,
        memory_bytes=_MEMORY_BYTES,
    )


def prepare(arguments: bytes, progress: Callable[[str], None]) -> None:
    """Nothing is needed."""
    del arguments, progress
    forbid_core_dumps()


def read_card(pictures: Sequence[SecretBuffer], *, reader: Confined) -> SecretBuffer:
    """Return the text of the one code in 1 to 300 pictures, JPEG or PNG; ``reader`` is any confined process.

    The pictures are left as they are. Raises ``Undetermined``: ``staff-card.no-code``,
    ``staff-card.several-codes``; ``Misuse``: ``capture.*``, ``staff-card.bad-frames``; ``Trouble``:
    ``confinement.*``.
    """
    text = reader.run(READ_CODE, order=b"", buffers=tuple(pictures))
    if is_picture(text) or recognise(text) is not Kind.STAFF_CARD:
        raise Trouble("examination.malformed", "the confined process sent something that is no card's text")
    return SecretBuffer(bytearray(text))


def read_code(context: object, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
    """The task inside: one picture of a code alone, or frames in which a card is held up."""
    from dongui.documents.staff_card.from_frames import read_frames, read_picture

    del context, order
    frames: list[NDArray[np.uint8]] = []
    try:
        for number, buffer in enumerate(buffers, start=1):
            frames.append(_grey(buffer, number))
        return (read_picture(frames[0]) if len(frames) == 1 else read_frames(frames)).encode("ascii")
    finally:
        wipe_all(buffers)
        for frame in frames:
            frame[:] = 0


def _grey(buffer: SecretBuffer, number: int) -> NDArray[np.uint8]:
    """The green of a picture at its full size: a code is black and white, and small."""
    picture = EncodedPicture.open(buffer.view, source=Source.CAPTURE, what=f"picture {number}")
    sample = picture.decode(reduction=1)
    try:
        return np.array(sample.pixels[:, :, 1])
    finally:
        sample.wipe()
