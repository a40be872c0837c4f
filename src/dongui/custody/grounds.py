"""Grounds other than consent, and the record each needs: a resolution's number, a publication, an assessment.

Law knows such grounds, so they are modelled, for uses other than training. A ground without its record is
refused: nobody could later show that it was there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from dongui.consent.fields import Localised
from dongui.custody.question import Use
from dongui.errors import Misuse, Refused

__all__ = ["Ground", "GroundClaim", "GroundRecord", "check_claim"]


class GroundRecord(StrEnum):
    """What is named with a ground, so that it can be looked up."""

    RESOLUTION_NUMBER = "resolution-number"
    PROCESSOR_PUBLICATION = "processor-publication"
    IMPACT_ASSESSMENT = "impact-assessment"
    STATUTE = "statute"
    CERTIFICATION = "certification"
    DECISION = "decision"


# Loose on purpose: what is asked is that something was filled in which can be looked up, not a form.
_LONGEST = 200
_FORMS: dict[GroundRecord, tuple[re.Pattern[str], str]] = {
    GroundRecord.RESOLUTION_NUMBER: (re.compile(r".*\d{4}.*\d.*"), "a year and a number"),
    GroundRecord.PROCESSOR_PUBLICATION: (re.compile(r"https://[^\s/]+\.\S+"), "an https address"),
    GroundRecord.IMPACT_ASSESSMENT: (re.compile(r"\S.*\d.*"), "an identifier with a number"),
    GroundRecord.STATUTE: (re.compile(r".*\S.*\d.*"), "a statute and its article"),
    GroundRecord.CERTIFICATION: (re.compile(r"\S.*\d.*"), "a certificate's number"),
    GroundRecord.DECISION: (re.compile(r".*\d{4}.*"), "a decision with its year"),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground of a pack, or one basis for a transfer abroad.

    ``own_consent``: it carries somebody else's hands under the consent given to the controller. ``compels``:
    it stands against a withdrawal or a suspension. ``needs_pseudonym``: pseudonymised records alone.
    """

    id: str
    name: Localised
    articles: str
    record: GroundRecord
    own_consent: bool = False
    compels: bool = False
    needs_pseudonym: bool = False


@dataclass(frozen=True, slots=True)
class GroundClaim:
    """The ground somebody relies on, and the record they name for it."""

    ground: str
    record: str


def check_claim(claim: GroundClaim, known: dict[str, Ground], use: Use) -> Ground:
    """Return the ground that is relied on.

    Raises ``Refused`` ``ground.training-needs-consent`` (before anything else is looked at),
    ``ground.record-missing``; ``Misuse`` ``ground.unknown``.
    """
    if use is Use.TRAINING:
        detail = f"{claim.ground!r} was named as the ground for {use}"
        raise Refused("ground.training-needs-consent", detail)
    ground = known.get(claim.ground)
    if ground is None:
        raise Misuse("ground.unknown", f"{claim.ground!r}; the pack knows {', '.join(sorted(known))}")
    form, wanted = _FORMS[ground.record]
    if len(claim.record) > _LONGEST or not claim.record.isprintable() or not form.fullmatch(claim.record):
        detail = (
            f"{ground.id} ({ground.articles}) needs its {ground.record}: {wanted}, at most {_LONGEST} long"
        )
        raise Refused("ground.record-missing", detail)
    return ground
