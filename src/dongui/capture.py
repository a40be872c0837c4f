"""What the camera gave, within bounds that are judged before anything is decoded or any session is spent."""

from __future__ import annotations

from dataclasses import dataclass

from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Misuse
from dongui.memory import SecretBuffer, wipe_all
from dongui.receipts.statement import Channel
from dongui.undoing import on_failure

__all__ = [
    "MAX_CAPTURE_BYTES",
    "MAX_FRAMES",
    "MAX_FRAME_BYTES",
    "Capture",
    "require_capture_size",
    "require_frames",
]

MAX_FRAME_BYTES = 20 * 2**20
MAX_CAPTURE_BYTES = 256 * 2**20
MAX_FRAMES = 300


@dataclass(frozen=True, slots=True)
class Capture:
    """What the camera gave: encoded frames in order, and whether its way here was under control.

    The headers of all frames are read here, before a session is spent on a clip that cannot be used. Raises
    ``Misuse``: ``capture.empty``, ``capture.too-many-frames`` (limit 300), ``capture.too-large`` (limit
    256 MiB together), and ``capture.*`` for a frame that is no JPEG or PNG within the limits; the frames are
    overwritten then. Those of a sound capture are overwritten by :func:`dongui.verification.verify`.
    """

    frames: tuple[SecretBuffer, ...]
    channel: Channel

    def __post_init__(self) -> None:
        # Where no capture comes of it, no verification will overwrite them.
        with on_failure(lambda: wipe_all(self.frames)):
            require_frames(len(self.frames))
            require_capture_size(sum(len(frame) for frame in self.frames))
            for number, frame in enumerate(self.frames, 1):
                EncodedPicture.open(frame.view, source=Source.CAPTURE, what=f"frame {number}")


def require_frames(count: int) -> None:
    """Raises ``Misuse``: ``capture.empty``, ``capture.too-many-frames``; to be asked before reading any."""
    if not count:
        raise Misuse(
            "capture.empty", f"0 frames were given; 1 to {MAX_FRAMES} can be, and a head turn takes several"
        )
    if count > MAX_FRAMES:
        raise Misuse("capture.too-many-frames", f"{count} frames were given; the limit is {MAX_FRAMES}")


def require_capture_size(size: int) -> None:
    """Raises ``Misuse`` (``capture.too-large``); to be asked while frames are read, not after all are."""
    if size > MAX_CAPTURE_BYTES:
        raise Misuse(
            "capture.too-large", f"the frames have {size} bytes or more; the limit is {MAX_CAPTURE_BYTES}"
        )
