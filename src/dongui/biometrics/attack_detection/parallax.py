"""The judgement of a turn: live, flat, or not to be told.

Made against prints held before the camera. Flat ones were refused where measured; of strongly bent ones some
are found live (docs/explanation/attack-detection.md says how many). Not made against a recording of the
person's own turn that happens to follow the challenge, a mask, or frames fed in behind the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dongui.biometrics.attack_detection.challenge import Challenge
from dongui.biometrics.attack_detection.turn import MIN_FRAMES, TurnMeasurement, measure_turn
from dongui.biometrics.landmarks import Landmarks
from dongui.errors import Refused, Undetermined

__all__ = [
    "FLAT_PARALLAX_AT_MOST_DONGUI_2026_11",
    "METHOD",
    "SOLID_PARALLAX_AT_LEAST_DONGUI_2026_11",
    "SOLID_RELIEF_AT_LEAST_DONGUI_2026_11",
    "STEP_AT_MOST_DONGUI_2026_11",
    "TURN_AT_LEAST_DONGUI_2026_11",
    "TurnAssessment",
    "assess_turn",
]

#: How receipts name this method.
METHOD: Final = "nose-parallax"

#: Degrees. Below it nobody is refused and nobody is found live. (Design of the main path, November 2026.)
TURN_AT_LEAST_DONGUI_2026_11: Final = 25.0
#: Inter-eye distances. Chosen by the figures of 12 rendered people, heads and prints, 22 November 2026, with
#: figures of the London people's prints already seen: those are no blind test of it. Both are in
#: docs/explanation/attack-detection.md, with the bent prints that pass.
FLAT_PARALLAX_AT_MOST_DONGUI_2026_11: Final = 0.20
#: Inter-eye distances; origin as above.
SOLID_PARALLAX_AT_LEAST_DONGUI_2026_11: Final = 0.40
#: Inter-eye distances; origin as above.
SOLID_RELIEF_AT_LEAST_DONGUI_2026_11: Final = 0.25

#: Of the whole range. Turns of 12 rendered people in 15 frames reach 0.30 at most; three stills of one of
#: them shown one after another 0.44 or more, by the way they are shown; four or more stills may lie below
#: (22 November 2026). A turn filmed more finely has smaller steps.
STEP_AT_MOST_DONGUI_2026_11: Final = 0.37


@dataclass(frozen=True, slots=True)
class TurnAssessment:
    """A turn that was made, solid, in the order the challenge asked for. Only :func:`assess_turn` makes one.

    ``frames`` were measured; ``turn_degrees`` is the largest turn in whole degrees.
    ``evidence`` are the frames it rests on, each with the one half-way to it: whoever takes the probe makes
    sure that they show the person of the probe.
    """

    challenge: Challenge
    frames: int
    turn_degrees: int
    evidence: tuple[tuple[int, int], ...]


def assess_turn(frames: Sequence[Landmarks | None], *, challenge: Challenge) -> TurnAssessment:
    """Judge a clip by its landmarks, frame by frame in time (``None``: no face found there).

    Raises ``Refused`` ``attack-detection.flat-surface`` if a turn of at least 25 degrees was made and the
    nose did not move against the face; ``Undetermined`` ``attack-detection.turn-not-measurable``,
    ``.turn-not-made``, ``.parallax-between``, ``.turn-in-jumps`` or ``.challenge-not-followed``: those say
    nothing of anybody.
    """
    turn = measure_turn(frames)
    if turn is None:
        raise Undetermined(
            "attack-detection.turn-not-measurable",
            f"fewer than {MIN_FRAMES} of {len(frames)} frames show one face",
        )
    _require_turn(turn)
    _require_solid(turn)
    _require_steps(turn)
    _require_order(turn, challenge)
    return TurnAssessment(challenge, turn.frames, round(turn.turn_degrees), turn.evidence)


def _require_turn(turn: TurnMeasurement) -> None:
    if turn.turn_degrees < TURN_AT_LEAST_DONGUI_2026_11:
        raise Undetermined(
            "attack-detection.turn-not-made",
            f"the turn measured about {turn.turn_degrees:.0f} degrees; "
            f"{TURN_AT_LEAST_DONGUI_2026_11:.0f} are needed",
        )


def _require_solid(turn: TurnMeasurement) -> None:
    """The measured parallax stays out of the messages: an attacker would tune a print by it."""
    if turn.parallax <= FLAT_PARALLAX_AT_MOST_DONGUI_2026_11:
        raise Refused(
            "attack-detection.flat-surface",
            f"over a turn of about {turn.turn_degrees:.0f} degrees the nose moved with the face's plane",
        )
    if (
        turn.parallax_across < SOLID_PARALLAX_AT_LEAST_DONGUI_2026_11
        or turn.relief < SOLID_RELIEF_AT_LEAST_DONGUI_2026_11
    ):
        raise Undetermined(
            "attack-detection.parallax-between",
            f"over a turn of about {turn.turn_degrees:.0f} degrees the nose moved less than a head's",
        )


def _require_steps(turn: TurnMeasurement) -> None:
    """The attack: a few photographs of the holder, each from another side, shown one after another."""
    if turn.largest_step > STEP_AT_MOST_DONGUI_2026_11:
        raise Undetermined(
            "attack-detection.turn-in-jumps",
            f"of {turn.frames} measured frames two neighbours lie too far apart in the turn",
        )


def _require_order(turn: TurnMeasurement, challenge: Challenge) -> None:
    if turn.sides[:2] != challenge.sides:
        seen = ", ".join(turn.sides) or "neither side"
        raise Undetermined(
            "attack-detection.challenge-not-followed",
            f"the challenge asks for {', '.join(challenge.sides)}; the clip shows {seen}",
        )
