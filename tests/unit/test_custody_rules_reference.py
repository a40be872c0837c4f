"""The plain meaning of the reasons: what every engine and rule pack is held against."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dongui.custody.question import Artefact, Question, Use
from dongui.custody.schema import (
    REASONS,
    ConsentFacts,
    ConsentFlag,
    EventKind,
    Reach,
    RecordFacts,
    RecordTrait,
    decide,
    reason_code,
)
from dongui.errors import failures

ALL_SAID = ConsentFlag.INFORMED | ConsentFlag.SEPARATE | ConsentFlag.EXPLICIT
QUESTION = Question(0, 0, Artefact.IMAGE, 100, Use.TESTING, ALL_SAID | ConsentFlag.CROSS_BORDER)
RECORD = RecordFacts(RecordTrait.IMAGE, 101)
CONSENT = ConsentFacts(
    Reach.MATCHED,
    EventKind.GIVEN,
    ALL_SAID | ConsentFlag.CROSS_BORDER,
    counts_from_us=100,
    valid_until_us=101,
    retained_until_us=101,
)


def test_a_consent_covers_from_its_first_moment_to_the_last_before_its_end() -> None:
    """It counts at the very moment it counts from, and no longer at the moment it ends."""
    assert decide(RECORD, CONSENT, QUESTION) is None
    assert decide(RECORD, CONSENT, replace(QUESTION, at_us=99)) == "consent.not-yet-counted"
    assert decide(replace(RECORD, retained_until_us=102), CONSENT, replace(QUESTION, at_us=101)) == (
        "consent.expired"
    )


@pytest.mark.parametrize(
    ("record", "consent", "expected"),
    [
        ({"traits": RecordTrait.IMAGE | RecordTrait.ERASED}, {}, "record.erased"),
        ({"traits": RecordTrait.TEMPLATE}, {}, "record.no-such-artefact"),
        ({"retained_until_us": 100}, {}, "record.retention-ended"),
        ({}, {"reach": Reach.UNKNOWN_PERSON}, "consent.unknown-person"),
        ({}, {"state": EventKind.SUSPENDED}, "consent.suspended"),
        ({}, {"state": EventKind.WITHDRAWN}, "consent.withdrawn"),
        ({}, {"reach": Reach.OTHER_PURPOSE}, "consent.other-purpose"),
        ({}, {"reach": Reach.OTHER_RECIPIENT}, "consent.other-recipient"),
        ({}, {"reach": Reach.OTHER_ARTEFACT}, "consent.other-artefact"),
        ({}, {"state": EventKind.EXPIRED}, "consent.expired"),
        ({}, {"valid_until_us": 100}, "consent.expired"),
        ({}, {"counts_from_us": 101}, "consent.not-yet-counted"),
        ({}, {"retained_until_us": 100}, "consent.retention-ended"),
        ({}, {"flags": CONSENT.flags | ConsentFlag.UNDER_AGE}, "consent.no-guardian"),
        ({}, {"flags": CONSENT.flags & ~ConsentFlag.INFORMED}, "consent.not-informed"),
        ({}, {"flags": CONSENT.flags & ~ConsentFlag.SEPARATE}, "consent.not-separate"),
        ({}, {"flags": CONSENT.flags & ~ConsentFlag.EXPLICIT}, "consent.not-explicit"),
        ({}, {"flags": CONSENT.flags & ~ConsentFlag.CROSS_BORDER}, "consent.no-cross-border"),
    ],
)
def test_each_lack_has_its_own_reason(record: dict[str, int], consent: dict[str, int], expected: str) -> None:
    """One thing wrong, one reason; with everything right the record is released."""
    facts = replace(CONSENT, **consent)  # type: ignore[arg-type]
    assert decide(replace(RECORD, **record), facts, QUESTION) == expected


def test_no_ground_but_consent_releases_for_training() -> None:
    """Under another ground a test release stands, a training release is refused even where consent stands."""
    other = replace(QUESTION, other_ground=True)
    assert decide(RECORD, replace(CONSENT, reach=Reach.OTHER_PURPOSE), other) is None
    assert decide(RECORD, CONSENT, replace(other, use=Use.TRAINING)) == "ground.training-needs-consent"


def test_every_reason_is_a_failure_with_a_code_in_order() -> None:
    """A reason in a table and a failure in a message are the same name."""
    assert [reason_code(name) for name in REASONS] == list(range(1, len(REASONS) + 1))
    assert set(REASONS) <= failures().keys()
