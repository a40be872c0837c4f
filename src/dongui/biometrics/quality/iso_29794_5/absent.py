"""Components that are not measured here, each with the reason. Absent by name, never by silence."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ABSENT", "AbsentMeasure"]


@dataclass(frozen=True, slots=True)
class AbsentMeasure:
    """A component of ISO/IEC 29794-5 that is not measured, and why, in English and Korean."""

    name: str
    reason: str
    reason_ko: str


ABSENT = (
    AbsentMeasure(
        "unified-quality-score",
        "takes a network trained on pictures of people who were not asked (MagFace)",
        "동의하지 않은 사람들의 사진으로 학습한 신경망(MagFace)이 필요함",
    ),
    AbsentMeasure(
        "background-uniformity",
        "takes a network that parses the face from its background",
        "얼굴과 배경을 나누는 신경망이 필요함",
    ),
    AbsentMeasure(
        "sharpness",
        "the standard's is a random forest that does not ship; the gate has a measure of its own",
        "표준의 측정값은 함께 배포하지 않는 랜덤 포레스트를 쓰며, 접수 판단에는 자체 측정값을 씀",
    ),
    AbsentMeasure(
        "compression-artifacts", "takes a network trained for it", "이를 위해 학습한 신경망이 필요함"
    ),
    AbsentMeasure(
        "mouth-closed",
        "takes points inside the lips; the landmarker has only their outer edges, and those measure how full "
        "lips are more than whether they are open",
        "입술 안쪽의 점이 필요함. 이 랜드마크 모델에는 바깥 윤곽만 있고, 그것으로는 입이 열렸는지보다 "
        "입술 두께가 측정됨",
    ),
    AbsentMeasure(
        "eyes-visible",
        "takes a network that finds what covers a face",
        "얼굴을 가린 것을 찾는 신경망이 필요함",
    ),
    AbsentMeasure(
        "mouth-occlusion-prevention",
        "takes a network that finds what covers a face",
        "얼굴을 가린 것을 찾는 신경망이 필요함",
    ),
    AbsentMeasure(
        "face-occlusion-prevention",
        "takes a network that finds what covers a face",
        "얼굴을 가린 것을 찾는 신경망이 필요함",
    ),
    AbsentMeasure(
        "expression-neutrality",
        "takes networks that read emotions off faces; Dongui infers none",
        "얼굴에서 감정을 읽는 신경망이 필요함. Dongui는 감정을 추론하지 않음",
    ),
    AbsentMeasure(
        "no-head-coverings",
        "takes a network that parses the face, and sees the veil as it sees the hat",
        "얼굴을 나누는 신경망이 필요하며, 그 신경망은 종교적 가리개와 모자를 구별하지 않음",
    ),
)
