"""The stages of a visit as the story tells them, in the order a visit takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dongui.consent.fields import Localised

__all__ = ["STAGES", "Stage"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: a short name for a column, a whole one, and the measured times it sums up."""

    short: Localised
    title: Localised
    measured: tuple[str, ...]

    def spent(self, milliseconds: Mapping[str, float]) -> float:
        """Return its part of a visit's times, in milliseconds; 0 if the visit did not get there."""
        return sum(milliseconds.get(name, 0.0) for name in self.measured)


STAGES: tuple[Stage, ...] = (
    Stage(
        Localised(en="terms", ko="조건"),
        Localised(en="session and terms", ko="세션과 조건"),
        ("session", "terms"),
    ),
    Stage(
        Localised(en="doc", ko="문서"),
        Localised(en="document and its holder's key", ko="문서와 소지자의 키"),
        ("document", "binding"),
    ),
    Stage(
        Localised(en="portrait", ko="사진"),
        Localised(en="portrait in the document", ko="문서의 사진"),
        ("reference",),
    ),
    Stage(
        Localised(en="camera", ko="카메라"),
        Localised(en="face before the camera", ko="카메라 앞의 얼굴"),
        ("probe",),
    ),
    Stage(
        Localised(en="compare", ko="비교"),
        Localised(en="comparison", ko="비교"),
        ("comparison",),
    ),
    Stage(
        Localised(en="receipt", ko="영수증"),
        Localised(en="receipt and log", ko="영수증과 로그"),
        ("receipt",),
    ),
)
