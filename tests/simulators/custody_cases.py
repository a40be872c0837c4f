"""Generated records and consents at the edges of every rule, and the questions they are put to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

from dongui.custody.grounds import GroundClaim
from dongui.custody.moments import microseconds
from dongui.custody.question import Artefact, CustodyPurpose, Use
from dongui.custody.rule_pack import rule_pack
from dongui.custody.rules import Inquiry, Rules, ask
from dongui.custody.schema import FOREVER_US, ConsentFacts, EventKind, Reach, RecordFacts

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
AT_US = microseconds(AT)
MOMENTS = (0, AT_US - 1, AT_US, AT_US + 1, FOREVER_US)
PURPOSES = {"training": 3, "testing": 7, "supply": 9}
RECIPIENTS = {"controller": 0, "recipient": 5, "other": 6}
_RECORDS = {
    "entrustment": "https://example.org/processors",
    "statute": "Act on Something, Article 7",
    "legal-obligation": "Regulation 1/2020, Article 3",
    "commission-resolution": "2026-011-052",
    "pseudonymised-research": "PIA-2026-7",
    "research": "DPIA-12",
}


def inquiry(use: Use, *, ground: str | None = None, abroad: bool = False, artefact: int = 1) -> Inquiry:
    """Return an inquiry about the recipient called "recipient"."""
    name = {Use.TRAINING: "training", Use.TESTING: "testing", Use.SUPPLY: "supply"}[use]
    return Inquiry(
        purpose=CustodyPurpose.register(name, [use]),
        recipient="recipient",
        controller="controller",
        artefact=Artefact(artefact),
        use=use,
        at=AT,
        abroad=abroad,
        ground=None if ground is None else GroundClaim(ground, _RECORDS[ground]),
    )


def rules_of(pack_id: str) -> Iterator[Rules]:
    """Return rules for every question of a different kind that one pack can be asked."""
    pack = rule_pack(pack_id)
    for use, abroad, artefact in product(Use, (False, True), Artefact):
        grounds = [None] if use is Use.TRAINING else [None, *pack.grounds]
        for ground in grounds:
            asked = inquiry(use, ground=ground, abroad=abroad, artefact=artefact)
            yield ask(asked, pack=pack, purposes=PURPOSES, recipients=RECIPIENTS)


# Every field is drawn from its edges, each a pool of equal chances. What is wrong is thinned out, so that the
# late rules are reached as often as the early ones; any traits and any flags are one draw in ten and in five.
_TRAITS = (*[3] * 80, *[7] * 64, *range(16))
_REACHES = (*Reach, *[Reach.MATCHED] * 9)
_STATES = (*EventKind, *[EventKind.GIVEN] * 7)
_FLAGS = (*[63, 55, 39] * 192, *[*range(64)] * 3, *[63 ^ (1 << bit) for bit in range(6)] * 32)
_BEGINNINGS = (0, 0, 0, AT_US - 1, AT_US - 1, AT_US, AT_US, AT_US + 1)
_RETENTIONS = (*MOMENTS, *[AT_US + 1, FOREVER_US] * 5)
_ENDS = (*MOMENTS, *[AT_US + 1, FOREVER_US] * 4)
_RECORD = (_TRAITS, _RETENTIONS)
_CONSENT = (_STATES, _FLAGS, _BEGINNINGS, _ENDS, _ENDS)
Case = tuple[RecordFacts, ConsentFacts]


def case(traits: int, retained_until: int, reach: int, *consent: int) -> Case:
    """Return one case; only a consent that matches has fields of its own."""
    record = RecordFacts(traits, retained_until)
    if reach != Reach.MATCHED:
        return record, ConsentFacts(Reach(reach))
    state, *terms = consent
    return record, ConsentFacts(Reach.MATCHED, EventKind(state), *terms)


def distinct_cases(number: int, *, seed: int) -> tuple[list[Case], list[int]]:
    """Return the different ones among ``number`` cases, and where each of the cases stands among them.

    The same for the same seed.
    """
    chance = random.Random(seed)
    # Plain numbers, of which equal ones are found much sooner than equal members of an enumeration.
    pools = [[int(edge) for edge in edges] for edges in (*_RECORD, _REACHES, *_CONSENT)]
    drawn = zip(*(chance.choices(pool, k=number) for pool in pools), strict=True)
    places: dict[tuple[int, ...], int] = {}
    matched = int(Reach.MATCHED)
    where = [places.setdefault(each if each[2] == matched else each[:3], len(places)) for each in drawn]
    return [case(*each) for each in places], where


def cases(number: int, *, seed: int) -> list[Case]:
    """Return ``number`` cases, the same for the same seed."""
    once, where = distinct_cases(number, seed=seed)
    return [once[place] for place in where]
