"""What happens at the desk: each scenario is one visit, and says what ought to come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from dongui.consent.fields import Localised
from dongui.demo.cast import nod, portrait, recording, turn
from dongui.demo.staging import dimmed, turned_print, two_people_clip
from dongui.documents.recognising import Kind
from dongui.receipts.statement import Outcome

__all__ = ["SCENARIOS", "Film", "Scenario", "Twist"]

Film = Callable[[int], Sequence[bytes]]
"""Makes a clip's frames, turning to the picture's left first, from the number of the take."""


class Twist(Enum):
    """What is out of the ordinary about a visit, apart from who stands before the camera."""

    NOTHING = auto()
    CONSENT_WITHDRAWN = auto()
    CONSENT_FOR_ANOTHER_PURPOSE = auto()
    CONSENT_OF_ANOTHER_PERSON = auto()
    ONE_BYTE_ALTERED = auto()
    UNKNOWN_ISSUER = auto()
    EXPIRED = auto()
    REPLAYED_PRESENTATION = auto()
    FRAMES_USED_BEFORE = auto()
    REVOKED = auto()
    STATUS_LIST_STALE = auto()
    CARD_LOST = auto()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One visit. ``holder`` is whose document it is; ``reason`` the failure promised, if one is.

    ``outcome`` is ``None`` where whatever is true may come out.
    """

    key: str
    title: Localised
    purpose: str
    holder: str
    film: Film
    outcome: Outcome | None
    reason: str | None = None
    twist: Twist = Twist.NOTHING
    kind: Kind = Kind.MDOC

    def kept(self, outcome: Outcome, reason: str | None) -> bool:
        """Whether what came out is what was promised."""
        if self.outcome is None:
            return True
        return outcome is self.outcome and (self.reason is None or reason == self.reason)


def _turning(person: str) -> Film:
    return lambda take: recording(turn(person), take=take)


def _nodding(take: int) -> Sequence[bytes]:
    return recording(nod("05"), take=take)


def _print(_take: int) -> Sequence[bytes]:
    return turned_print(portrait("05"))


def _two_people(take: int) -> Sequence[bytes]:
    return two_people_clip(recording(turn("05"), take=take), turn("12")[0])


def _dim(_take: int) -> Sequence[bytes]:
    return dimmed(turn("05"))


# Of the people here 05 and 12 are unlike; 04 and 09 are as close as twins.
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "right-person",
        Localised(en="the right person", ko="본인"),
        "airport-gate",
        "05",
        _turning("05"),
        Outcome.VERIFIED,
    ),
    Scenario(
        "right-person-at-work",
        Localised(en="the right person, another gate", ko="본인, 다른 출입문"),
        "building-access",
        "12",
        _turning("12"),
        Outcome.VERIFIED,
    ),
    Scenario(
        "another-person",
        Localised(en="another person", ko="다른 사람"),
        "airport-gate",
        "05",
        _turning("12"),
        Outcome.REFUSED,
        "comparison.non-mated",
    ),
    Scenario(
        "print",
        Localised(en="a print of the right person", ko="본인의 인쇄 사진"),
        "phone-activation",
        "05",
        _print,
        Outcome.REFUSED,
        "attack-detection.flat-surface",
    ),
    Scenario(
        "twins",
        Localised(en="a twin-close pair", ko="쌍둥이처럼 닮은 두 사람"),
        "airport-gate",
        "04",
        _turning("09"),
        Outcome.UNDETERMINED,
        "comparison.undetermined",
    ),
    Scenario(
        "consent-withdrawn",
        Localised(en="consent withdrawn", ko="동의 철회"),
        "phone-activation",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "consent.withdrawn",
        Twist.CONSENT_WITHDRAWN,
    ),
    Scenario(
        "other-purpose",
        Localised(en="consent for another purpose", ko="다른 목적의 동의"),
        "phone-activation",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "consent.other-purpose",
        Twist.CONSENT_FOR_ANOTHER_PURPOSE,
    ),
    Scenario(
        "other-person",
        Localised(en="consent of another person", ko="다른 사람의 동의"),
        "airport-gate",
        "12",
        _turning("12"),
        Outcome.REFUSED,
        "consent.other-person",
        Twist.CONSENT_OF_ANOTHER_PERSON,
    ),
    Scenario(
        "altered",
        Localised(en="licence altered by one byte", ko="한 바이트가 바뀐 면허증"),
        "airport-gate",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "mdoc.digest-mismatch",
        Twist.ONE_BYTE_ALTERED,
    ),
    Scenario(
        "unknown-issuer",
        Localised(en="licence of an unknown issuer", ko="모르는 기관의 면허증"),
        "airport-gate",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "trust.unknown-issuer",
        Twist.UNKNOWN_ISSUER,
    ),
    Scenario(
        "expired",
        Localised(en="expired licence", ko="기한이 지난 면허증"),
        "building-access",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "mdoc.expired",
        Twist.EXPIRED,
    ),
    Scenario(
        "replayed",
        Localised(en="replayed presentation", ko="가로챈 제시의 재사용"),
        "airport-gate",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "mdoc.device-signature-invalid",
        Twist.REPLAYED_PRESENTATION,
    ),
    Scenario(
        "frames-again",
        Localised(en="frames used before", ko="이미 쓴 영상"),
        "airport-gate",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "capture.already-used",
        Twist.FRAMES_USED_BEFORE,
    ),
    Scenario(
        "two-faces",
        Localised(en="two faces in view", ko="화면에 두 사람"),
        "airport-gate",
        "05",
        _two_people,
        Outcome.UNDETERMINED,
        "capture.several-faces",
    ),
    Scenario(
        "cannot-turn",
        Localised(en="somebody who cannot turn their head", ko="고개를 돌릴 수 없는 사람"),
        "phone-activation",
        "05",
        _nodding,
        Outcome.UNDETERMINED,
        "attack-detection.turn-not-made",
    ),
    Scenario(
        "dim",
        Localised(en="a dim picture", ko="어두운 화면"),
        "building-access",
        "05",
        _dim,
        None,
    ),
    Scenario(
        "credential",
        Localised(en="the right person, by a wallet credential", ko="본인, 지갑의 신분증명"),
        "phone-activation",
        "12",
        _turning("12"),
        Outcome.VERIFIED,
        kind=Kind.SD_JWT,
    ),
    Scenario(
        "credential-replayed",
        Localised(en="replayed credential", ko="가로챈 신분증명의 재사용"),
        "phone-activation",
        "12",
        _turning("12"),
        Outcome.REFUSED,
        "sd-jwt.nonce-mismatch",
        Twist.REPLAYED_PRESENTATION,
        Kind.SD_JWT,
    ),
    Scenario(
        "credential-revoked",
        Localised(en="revoked credential", ko="폐지된 신분증명"),
        "phone-activation",
        "12",
        _turning("12"),
        Outcome.REFUSED,
        "status.revoked",
        Twist.REVOKED,
        Kind.SD_JWT,
    ),
    Scenario(
        "status-stale",
        Localised(en="status list of last week", ko="지난주의 상태 목록"),
        "phone-activation",
        "12",
        _turning("12"),
        Outcome.UNDETERMINED,
        "status.list-stale",
        Twist.STATUS_LIST_STALE,
        Kind.SD_JWT,
    ),
    Scenario(
        "passport-copied",
        Localised(en="a passport's files, maybe copied", ko="복제했을 수 있는 여권 파일"),
        "airport-gate",
        "05",
        _turning("05"),
        Outcome.REFUSED,
        "purpose.binding-not-accepted",
        kind=Kind.PASSPORT,
    ),
    Scenario(
        "staff-card",
        Localised(en="an employee with their card", ko="카드를 든 직원 본인"),
        "staff-entrance",
        "12",
        _turning("12"),
        Outcome.VERIFIED,
        kind=Kind.STAFF_CARD,
    ),
    Scenario(
        "staff-card-found",
        Localised(en="somebody else with the card", ko="남의 카드를 든 사람"),
        "staff-entrance",
        "12",
        _turning("05"),
        Outcome.REFUSED,
        "comparison.non-mated",
        kind=Kind.STAFF_CARD,
    ),
    Scenario(
        "staff-card-lost",
        Localised(en="a card reported lost", ko="분실 신고된 카드"),
        "staff-entrance",
        "12",
        _turning("12"),
        Outcome.REFUSED,
        "staff-card.revoked",
        Twist.CARD_LOST,
        Kind.STAFF_CARD,
    ),
)
