"""Attack detection, species by species (ISO/IEC 30107-3): APCER for each, BPCER, never pooled.

An average over species says that many bad prints excuse one good mask. Each attempt ends *live*, *attack* or
*undetermined*; the last is neither an error of the one kind nor of the other and is shown beside both: an
attack that ends undetermined did not get in, and a person whose turn does was sent to the other way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dongui.assessment.clips import BONA_FIDE, Clip, ConsentedClips
from dongui.assessment.intervals import clopper_pearson
from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.attack_detection.parallax import METHOD
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.probe import take_probe
from dongui.errors import Misuse, Refused, Trouble, Undetermined
from dongui.memory import forbid_core_dumps, wipe_all

__all__ = ["AttackResult", "SpeciesResult", "assess_attacks"]

_LIVE: Final = "live"


@dataclass(frozen=True, slots=True)
class SpeciesResult:
    """One species, or the bona fide presentations. The counts add up to ``attempts``.

    ``reasons`` counts those that were not live, by the failure's name.
    """

    species: str
    attempts: int
    live: int
    attack: int
    undetermined: int
    reasons: dict[str, int]

    @property
    def errors(self) -> int:
        """Attacks called live, or bona fide presentations called an attack."""
        return self.attack if self.species == BONA_FIDE else self.live

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the exact interval of the error rate over attempts."""
        return clopper_pearson(self.errors, self.attempts, confidence=confidence)

    def undetermined_interval(self, confidence: float) -> tuple[float, float]:
        """Return the exact interval of the share that ends undetermined."""
        return clopper_pearson(self.undetermined, self.attempts, confidence=confidence)


@dataclass(frozen=True, slots=True)
class AttackResult:
    """Every species by name, the bona fide presentations apart (``None``: there were none)."""

    made_at: datetime
    method: str
    pipeline_sha256: str
    confidence: float
    species: tuple[SpeciesResult, ...]
    bona_fide: SpeciesResult | None


def assess_attacks(
    consented: ConsentedClips,
    *,
    instruments: Instruments,
    confidence: float,
    made_at: datetime,
    progress: Callable[[str], None],
) -> AttackResult:
    """Judge every clip, each under the challenge it happens to follow.

    A session draws its challenge; an attacker who may try again meets the one they prepared for half of the
    time. So an attempt counts as live where it is live under either. Raises ``Misuse`` as :meth:`Clip.read`,
    and ``Refused`` (``assessment.declaration-other-pictures``).
    """
    forbid_core_dumps()
    endings: dict[str, list[str]] = {}
    for clip in consented.clips:
        endings.setdefault(clip.species, []).append(_ending(clip, consented, instruments))
        progress(f"{clip.number} of {len(consented.clips)} clips")
    found = {species: _counted(species, ends) for species, ends in sorted(endings.items())}
    return AttackResult(
        made_at,
        METHOD,
        instruments.pipeline_digest.hex(),
        confidence,
        tuple(one for name, one in found.items() if name != BONA_FIDE),
        found.get(BONA_FIDE),
    )


def _ending(clip: Clip, consented: ConsentedClips, instruments: Instruments) -> str:
    """Return ``live`` or the name of the failure."""
    frames = clip.read()
    try:
        consented.require_unchanged(clip, frames)
        views = [frame.view for frame in frames]
        ending = ""
        for first in (Side.PICTURE_LEFT, Side.PICTURE_RIGHT):
            ending = _under(Challenge(first), views, instruments)
            if ending != "attack-detection.challenge-not-followed":
                break
        return ending
    finally:
        wipe_all(frames)


def _under(challenge: Challenge, views: list[memoryview], instruments: Instruments) -> str:
    try:
        take_probe(views, challenge=challenge, instruments=instruments).wipe()
    except Trouble:
        raise
    except (Refused, Undetermined, Misuse) as failure:
        return failure.name
    return _LIVE


def _counted(species: str, endings: list[str]) -> SpeciesResult:
    counts = Counter(endings)
    live = counts.pop(_LIVE, 0)
    # The one name that says "this is no head"; whatever else stopped a clip says nothing of the kind.
    attack = counts.get("attack-detection.flat-surface", 0)
    return SpeciesResult(
        species,
        len(endings),
        live,
        attack,
        len(endings) - live - attack,
        dict(sorted(counts.items())),
    )
