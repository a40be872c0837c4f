"""Models that others publish and this project does not ship: where they lie, and which bytes they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dongui.biometrics.cards import card

__all__ = ["PUBLISHED", "SFACE", "YUNET", "Published"]

#: Names of cards.
YUNET: Final = "yunet-2023mar"
SFACE: Final = "sface-2021dec"

_ZOO: Final = "https://github.com/opencv/opencv_zoo/raw/main/models"


@dataclass(frozen=True, slots=True)
class Published:
    """A file at its official address. Digest and size are pinned: what lies there may be exchanged.

    ``needs`` names the other models its pipeline takes.
    """

    name: str
    uri: str
    file_bytes: int
    needs: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The digest on the model's card, in hexadecimal."""
        return card(self.name).weights_sha256


# Sizes and digests are those of the repository's own pointers (Git LFS).
PUBLISHED: Final = {
    one.name: one
    for one in (
        Published(YUNET, f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar.onnx", 232_589),
        Published(
            SFACE, f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec.onnx", 38_696_353, (YUNET,)
        ),
    )
}
