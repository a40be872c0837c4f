"""The tables that custody decides over: columns, order, metadata; and the reasons to refuse a record.

Three kinds of Parquet file, each in two layouts. Nothing in them is ever null.

* **records**: what is kept. Sorted by (person, record), no pair twice.
* **consents**: what was said about it. One row a ledger event, or (*folded*) the latest event alone for each
  (person, purpose, recipient, artefact). Sorted by these four, and by position.
* **released** and **refused**: what was decided, in the order of the records.

The *sorted* layout numbers people and records densely (uint32), so that both tables can be merged in one
pass; the *general* layout holds UUIDs (16 bytes). Moments are microseconds since 1970 in UTC, without a zone.

:data:`REASONS` is the one order of the reasons: the first that applies is the record's. :func:`decide` says
what each means, slowly and plainly; every engine and rule pack is held against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum

from dongui.custody.moments import FOREVER_US
from dongui.custody.question import Artefact, Question

__all__ = [
    "COLUMNS",
    "CONSENT_ORDER",
    "FOREVER_US",
    "FORMATS",
    "REASONS",
    "RECORD_ORDER",
    "RELEASED",
    "ConsentFacts",
    "ConsentFlag",
    "EventKind",
    "Layout",
    "Metadata",
    "Reach",
    "RecordFacts",
    "RecordTrait",
    "decide",
    "reason_code",
]

RECORD_ORDER = ("person", "record")
CONSENT_ORDER = ("person", "purpose", "recipient", "artefact", "position")


class Layout(StrEnum):
    """How people and records are named: dense uint32 numbers, or 16-byte UUIDs."""

    SORTED = "sorted"
    GENERAL = "general"


class EventKind(IntEnum):
    """What happened to a consent (column ``state``). A table's row carries the terms that hold after it."""

    GIVEN = 1
    WITHDRAWN = 2
    EXPIRED = 3
    RENEWED = 4
    GUARDIAN_GIVEN = 5
    SUSPENDED = 6
    RESUMED = 7

    @property
    def stands(self) -> bool:
        """True if after this event the answer is yes."""
        return self in (EventKind.GIVEN, EventKind.RENEWED, EventKind.GUARDIAN_GIVEN, EventKind.RESUMED)


class ConsentFlag(IntFlag):
    """How a consent was given (column ``flags``)."""

    INFORMED = 1  # what the law has told beforehand was told: PIPA 15(2), 17(2), 18(3); GDPR 7
    SEPARATE = 2  # asked apart from everything else: PIPA 22, 23(1)1
    EXPLICIT = 4  # said in so many words, not inferred: GDPR 9(2)(a)
    UNDER_AGE = 8  # the person was under the age of consenting alone: PIPA 22-2, GDPR 8
    GUARDIAN = 16  # the legal representative agreed, and that was verified
    CROSS_BORDER = 32  # agreed apart to the transfer to another country: PIPA 28-8(1)1


class RecordTrait(IntFlag):
    """What a record holds (column ``traits``)."""

    IMAGE = 1
    TEMPLATE = 2
    PSEUDONYMISED = 4  # PIPA 2(1-2), 28-2; a face image as such never is
    ERASED = 8  # its artefacts are destroyed


class Reach(IntEnum):
    """How far a person's events reach towards the question; the furthest of their rows counts."""

    UNKNOWN_PERSON = 0  # the ledger has no event of this person
    OTHER_PURPOSE = 1  # there are some, none for this purpose
    OTHER_RECIPIENT = 2  # some for this purpose, none for this recipient
    OTHER_ARTEFACT = 3  # some for both, none for this artefact
    MATCHED = 4  # there is the row that was asked for


class Metadata(StrEnum):
    """Keys of a file's own metadata. Values are ASCII; numbers decimal."""

    FORMAT = "dongui.format"  # one of FORMATS
    LAYOUT = "dongui.layout"  # a Layout
    FOLDED = "dongui.folded"  # consents: "true" or "false"
    POSITION = "dongui.position"  # consents: the log's size; every event's position is below it
    POSITION_US = "dongui.position-us"  # consents: when the last event counted was logged
    CHECKPOINT = "dongui.checkpoint"  # consents: the log's signed note of that size, base64
    CREATED_US = "dongui.created-us"
    PERSONS = "dongui.persons"  # consents: people the ledger knows; sorted layout: every person is below it
    PURPOSES = "dongui.purposes"  # consents: JSON object, purpose id to its number
    RECIPIENTS = "dongui.recipients"  # consents: JSON object, recipient id to its number
    REASONS = "dongui.reasons"  # refused: JSON object, code to name


FORMATS = {
    "records": "dongui/record-index/1",
    "consents": "dongui/consent-snapshot/1",
    "released": "dongui/released/1",
    "refused": "dongui/refused/1",
}

# Column names and their Arrow types; "id" is uint32 in the sorted layout and fixed_size_binary[16] otherwise.
COLUMNS: dict[str, dict[str, str]] = {
    "records": {"person": "id", "record": "id", "traits": "uint8", "retained_until_us": "int64"},
    "consents": {
        "person": "id",
        "purpose": "uint16",
        "recipient": "uint16",
        "artefact": "uint8",  # an Artefact: exactly one a row
        "state": "uint8",  # an EventKind
        "flags": "uint8",  # ConsentFlags
        "counts_from_us": "int64",  # the log entry's moment, or the claimed one if that is later
        "valid_until_us": "int64",  # first moment not covered
        "retained_until_us": "int64",  # first moment the recipient must have let go
        "position": "uint64",  # index of the event's own log entry; no two alike
    },
    "released": {"person": "id", "record": "id"},
    "refused": {"person": "id", "record": "id", "reason": "uint8"},
}

RELEASED = 0
"""The code of a record that is released; a refused record's is its place in :data:`REASONS`, from 1."""

REASONS = (
    "record.erased",  # 1 its artefacts are destroyed
    "record.no-such-artefact",  # 2 it does not hold what is asked for
    "record.retention-ended",  # 3 the moment is at or after the record's retained_until_us
    "consent.unknown-person",  # 4 reach 0, on whatever ground
    "consent.suspended",  # 5 last event: suspended; unless the ground compels
    "consent.withdrawn",  # 6 last event: withdrawn; unless the ground compels
    "consent.other-purpose",  # 7 reach 1; from here to 17 where the ground is consent
    "consent.other-recipient",  # 8 reach 2
    "consent.other-artefact",  # 9 reach 3
    "consent.expired",  # 10 last event: expired; or the moment is at or after valid_until_us
    "consent.not-yet-counted",  # 11 the moment is before counts_from_us
    "consent.retention-ended",  # 12 the moment is at or after the consent's retained_until_us
    "consent.no-guardian",  # 13 UNDER_AGE without GUARDIAN
    "consent.not-informed",  # 14 INFORMED is required and missing
    "consent.not-separate",  # 15 SEPARATE is required and missing
    "consent.not-explicit",  # 16 EXPLICIT is required and missing
    "consent.no-cross-border",  # 17 CROSS_BORDER is required and missing
    "ground.not-pseudonymised",  # 18 the ground needs PSEUDONYMISED and the record is not
    "ground.training-needs-consent",  # 19 training, and no consent of the person's own stands
    "ground.none",  # 20 no rule of the pack permits it
)


def reason_code(name: str) -> int:
    """Return a reason's code, 1 to len(REASONS). ``ValueError`` for another name."""
    return REASONS.index(name) + 1


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """One record's row, without its ids."""

    traits: int
    retained_until_us: int


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """What one person's rows come to for one question: the reach, and the matching row if it is MATCHED.

    Where the reach is less, the other fields have no meaning and are at their defaults.
    """

    reach: Reach
    state: EventKind = EventKind.GIVEN
    flags: int = 0
    counts_from_us: int = 0
    valid_until_us: int = FOREVER_US
    retained_until_us: int = FOREVER_US


def decide(record: RecordFacts, consent: ConsentFacts, question: Question) -> str | None:
    """Return the first reason against releasing the record, or None if it is released."""
    return next((name for name, applies in _reasons(record, consent, question) if applies), None)


def _reasons(record: RecordFacts, consent: ConsentFacts, question: Question) -> list[tuple[str, bool]]:
    at = question.at_us
    holds = RecordTrait.IMAGE if question.artefact is Artefact.IMAGE else RecordTrait.TEMPLATE
    return [
        ("record.erased", record.traits & RecordTrait.ERASED != 0),
        ("record.no-such-artefact", record.traits & holds == 0),
        ("record.retention-ended", at >= record.retained_until_us),
        ("consent.unknown-person", consent.reach is Reach.UNKNOWN_PERSON),
        ("consent.suspended", _stopped(consent, question, EventKind.SUSPENDED)),
        ("consent.withdrawn", _stopped(consent, question, EventKind.WITHDRAWN)),
        *([] if question.other_ground else _reasons_of_consent(consent, question)),
        ("ground.not-pseudonymised", _lacks_pseudonym(record, question)),
        ("ground.training-needs-consent", question.is_training and question.other_ground),
    ]


def _reasons_of_consent(consent: ConsentFacts, question: Question) -> list[tuple[str, bool]]:
    at, flags = question.at_us, ConsentFlag(consent.flags)
    lacking = ConsentFlag(question.required_flags) & ~flags
    alone = ConsentFlag.UNDER_AGE in flags and ConsentFlag.GUARDIAN not in flags
    return [
        ("consent.other-purpose", consent.reach is Reach.OTHER_PURPOSE),
        ("consent.other-recipient", consent.reach is Reach.OTHER_RECIPIENT),
        ("consent.other-artefact", consent.reach is Reach.OTHER_ARTEFACT),
        ("consent.expired", consent.state is EventKind.EXPIRED or at >= consent.valid_until_us),
        ("consent.not-yet-counted", at < consent.counts_from_us),
        ("consent.retention-ended", at >= consent.retained_until_us),
        ("consent.no-guardian", alone),
        ("consent.not-informed", ConsentFlag.INFORMED in lacking),
        ("consent.not-separate", ConsentFlag.SEPARATE in lacking),
        ("consent.not-explicit", ConsentFlag.EXPLICIT in lacking),
        ("consent.no-cross-border", ConsentFlag.CROSS_BORDER in lacking),
    ]


def _stopped(consent: ConsentFacts, question: Question, kind: EventKind) -> bool:
    return consent.reach is Reach.MATCHED and consent.state is kind and not question.compels


def _lacks_pseudonym(record: RecordFacts, question: Question) -> bool:
    return question.needs_pseudonym and record.traits & RecordTrait.PSEUDONYMISED == 0
