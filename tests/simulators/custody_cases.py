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


def case(chance: random.Random) -> tuple[RecordFacts, ConsentFacts]:
    """Return one case, every field drawn from its edges; most have a matching consent.

    What is wrong is thinned out, so that the late rules are reached as often as the early ones.
    """
    record = RecordFacts(
        traits=chance.choice((3, 3, 3, 3, 3, 7, 7, 7, 7, chance.randrange(16))),
        retained_until_us=chance.choice((*MOMENTS, *[AT_US + 1, FOREVER_US] * 5)),
    )
    reach = chance.choice((*Reach, *[Reach.MATCHED] * 9))
    if reach is not Reach.MATCHED:
        return record, ConsentFacts(reach)
    return record, ConsentFacts(
        reach,
        state=chance.choice((*EventKind, *[EventKind.GIVEN] * 7)),
        flags=chance.choice((63, 55, 39, chance.randrange(64), 63 ^ (1 << chance.randrange(6)))),
        counts_from_us=chance.choice((0, 0, 0, AT_US - 1, AT_US - 1, AT_US, AT_US, AT_US + 1)),
        valid_until_us=chance.choice((*MOMENTS, *[AT_US + 1, FOREVER_US] * 4)),
        retained_until_us=chance.choice((*MOMENTS, *[AT_US + 1, FOREVER_US] * 4)),
    )


def cases(number: int, *, seed: int) -> list[tuple[RecordFacts, ConsentFacts]]:
    """Return ``number`` cases, the same for the same seed."""
    chance = random.Random(seed)
    return [case(chance) for _ in range(number)]
