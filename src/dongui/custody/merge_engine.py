"""One question decided by merging two sorted tables in one pass, on whole columns at a time.

Both tables rise by person. The consents are folded, row group by row group, into one code a person: the
first reason that applies, or 0. A block of records then looks its people up, and the reasons that lie in
the records themselves go before. What each code means is :func:`dongui.custody.schema.decide`; tests hold
the two equal.

Memory does not depend on the tables' sizes: one block of records, one row group of consents, and the codes of
the people between the block's first and last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dongui.custody.question import Artefact, Question
from dongui.custody.record_columns import Codes, IdColumn, Table, ids, moments, small
from dongui.custody.schema import (
    COLUMNS,
    ConsentFlag,
    EventKind,
    Layout,
    Metadata,
    RecordTrait,
    reason_code,
)
from dongui.errors import Misuse

__all__ = ["MERGE_VERSION", "Codes", "ConsentCursor", "People", "decide_records", "fold"]

MERGE_VERSION = "1"
"""Named in every manifest: a change of what is decided is a new number."""

_UNKNOWN = reason_code("consent.unknown-person")
# People between a block's first and last, up to which their codes are laid out densely (one byte each).
_MAX_DENSE = 1 << 26


@dataclass(frozen=True, slots=True)
class People:
    """Codes of people the ledger knows. ``person`` rises strictly, ``code`` stands beside it.

    Or, where people are numbers and stand close together: ``person`` holds the first and the last alone,
    ``code`` one code for each number between, and that of a person unknown for each who is not there.
    """

    person: IdColumn
    code: Codes

    @property
    def is_dense(self) -> bool:
        """True if ``code`` goes by number."""
        return len(self.person) != len(self.code) or len(self.code) == 1

    def lay(self, first: int, dense: Codes) -> None:
        """Enter these people's codes into ``dense``, whose place 0 is the person ``first``."""
        if not self.is_dense:
            inside = (self.person >= first) & (self.person < first + len(dense))
            dense[self.person[inside] - np.uint32(first)] = self.code[inside]
            return
        begin = int(self.person[0])
        low, high = max(begin, first), min(begin + len(self.code), first + len(dense))
        if low < high:
            dense[low - first : high - first] = self.code[low - begin : high - begin]

    def find(self, wanted: IdColumn, codes: Codes) -> None:
        """Enter the codes of those of ``wanted`` who are among these people into ``codes``."""
        if self.is_dense and self.person.dtype == np.uint32:
            place = wanted - self.person[0]
            inside = (wanted >= self.person[0]) & (wanted <= self.person[-1])
            codes[inside] = self.code[place[inside]]
            return
        place = np.minimum(np.searchsorted(self.person, wanted), len(self.person) - 1)
        known = self.person[place] == wanted
        codes[known] = self.code[place[known]]


class ConsentCursor:
    """Folds a consents table forwards, only as far as is asked. One question, one direction."""

    def __init__(self, consents: Table, question: Question, *, first: np.generic) -> None:
        """Stand before the first row group that can hold the person ``first``."""
        self._question = question
        self._table = consents
        starts = consents.first_people()
        # A person's rows may begin in the group before the one whose first person they are.
        begin = max(0, int(np.searchsorted(starts, first, "left")) - 1) if len(starts) else 0
        self._starts = starts
        self._next = begin
        self._columns = _columns_of(consents)
        self._pending: list[pa.RecordBatch] = []
        self._folded: list[People] = []
        self._last: np.generic | None = None

    def codes(self, person: IdColumn) -> Codes:
        """Return the code of each of ``person``, which rises and never goes back before an earlier call's.

        Raises ``Misuse``: ``release.unsorted``, ``release.null``, ``release.truncated``,
        ``release.unknown-value``, ``release.person-beyond``.
        """
        first, last = person[0], person[-1]
        while self._next < len(self._starts) and self._starts[self._next] <= last:
            self._fold_group(self._next)
            self._next += 1
        if self._pending and self._is_complete():
            self._settle()
        self._folded = [part for part in self._folded if len(part.person) and part.person[-1] >= first]
        return _look_up(self._folded, person)

    def _is_complete(self) -> bool:
        """Tell whether the person held back has no rows in the row groups still to come."""
        held = ids(self._pending[-1], "person")[-1]
        return self._next == len(self._starts) or bool(self._starts[self._next] > held)

    def _fold_group(self, group: int) -> None:
        for batch in self._table.blocks([group], self._columns):
            self._take(batch)

    def _take(self, batch: pa.RecordBatch) -> None:
        """Fold every person that is certainly complete; hold the rest back until the next rows are seen."""
        person = ids(batch, "person")
        if self._last is not None and person[0] < self._last:
            raise Misuse("release.unsorted", f"{self._table.path} is not sorted by person")
        self._last = person[-1]
        begin = int(np.searchsorted(person, person[-1], "left"))
        if begin == 0:
            # One person throughout, with as many events as a block has rows.
            self._append(batch)
            return
        self._append(batch.slice(0, begin))
        self._settle()
        self._append(batch.slice(begin))

    def _append(self, batch: pa.RecordBatch) -> None:
        if self._pending and ids(self._pending[-1], "person")[-1] != ids(batch, "person")[0]:
            self._settle()
        self._pending.append(batch)

    def _settle(self) -> None:
        if self._pending:
            whole = pa.concat_batches(self._pending) if len(self._pending) > 1 else self._pending[0]
            self._pending = []
            self._folded.append(fold(whole, self._question, self._table))


def fold(batch: pa.RecordBatch, question: Question, table: Table) -> People:
    """Return the codes of the people of ``batch``, all of whose rows are in it.

    Raises ``Misuse``: ``release.unsorted``, ``release.unknown-value``, ``release.person-beyond``.
    """
    person = ids(batch, "person")
    _require_consents(batch, person, table)
    new = np.empty(len(person), dtype=np.bool_)
    new[0] = True
    np.not_equal(person[1:], person[:-1], out=new[1:])
    span = int(person[-1]) - int(person[0]) + 1 if table.layout is Layout.SORTED else 0
    if 0 < span < _MAX_DENSE:
        people, place = person[[0, -1]] if span > 1 else person[:1], person - person[0]
    else:
        people, place = person[new], np.cumsum(new, dtype=np.uint32) - np.uint32(1)
        span = len(people)
    codes = np.full(span, _UNKNOWN, dtype=np.uint8)
    # From the least reach to the furthest: what is entered later replaces what was, for one person as for
    # one key, whose rows stand in the order of the log.
    for rows, code in _by_reach(batch, question):
        codes[place[rows]] = code
    return People(people, codes)


def _by_reach(batch: pa.RecordBatch, question: Question) -> Iterator[tuple[NDArray[np.intp], Codes]]:
    """Yield the rows of each reach, the furthest last, with their codes (one alone: the same for all)."""
    purpose = small(batch, "purpose") == question.purpose
    recipient = purpose & (small(batch, "recipient") == question.recipient)
    matched = recipient & (small(batch, "artefact") == int(question.artefact))
    lesser = _lesser_reach(question)
    yield np.flatnonzero(~purpose), lesser[:1]
    yield np.flatnonzero(purpose & ~recipient), lesser[1:2]
    yield np.flatnonzero(recipient & ~matched), lesser[2:]
    rows = np.flatnonzero(matched)
    yield rows, _codes_of_rows(batch, question)[rows]


def decide_records(batch: pa.RecordBatch, codes: Codes, question: Question) -> Codes:
    """Return each record's code from its own columns and its person's code.

    Raises ``Misuse`` (``release.unknown-value``).
    """
    traits = small(batch, "traits")
    if len(traits) and traits.max() >= 2 * RecordTrait.ERASED:
        raise Misuse("release.unknown-value", f"a record has traits {traits.max()}, which nobody agreed on")
    # Bit by bit: what the traits say (0, 1, 2), whether the retention is over, the person's code below 32.
    packed = _translated(traits, _TRAITS[question.artefact])
    packed |= (moments(batch, "retained_until_us") <= question.at_us).view(np.uint8) << np.uint8(7)
    packed |= codes
    decided = _translated(packed, _DECIDED)
    return _with_other_ground(decided, traits, question) if question.other_ground else decided


def _with_other_ground(decided: Codes, traits: Codes, question: Question) -> Codes:
    if question.needs_pseudonym:
        plain = (traits & int(RecordTrait.PSEUDONYMISED)) == 0
        decided[(decided == 0) & plain] = reason_code("ground.not-pseudonymised")
    if question.is_training:
        decided[decided == 0] = reason_code("ground.training-needs-consent")
    return decided


def _translated(values: Codes, table: bytes) -> Codes:
    """Look each byte up in 256: the one look-up that costs less than a nanosecond a row from Python."""
    return np.frombuffer(bytearray(values.tobytes().translate(table)), dtype=np.uint8)


def _look_up(parts: Sequence[People], person: IdColumn) -> Codes:
    """Return the code of each of ``person``, which rises, among people whose parts follow one another."""
    if person.dtype == np.uint32 and int(person[-1]) - int(person[0]) < _MAX_DENSE:
        dense = np.full(int(person[-1]) - int(person[0]) + 1, _UNKNOWN, dtype=np.uint8)
        for part in parts:
            part.lay(int(person[0]), dense)
        found: Codes = dense[person - person[0]]
        return found
    # Ids without numbers, or few people far apart: each known person is searched for once.
    new = np.append(True, person[1:] != person[:-1])
    codes = np.full(int(new.sum()), _UNKNOWN, dtype=np.uint8)
    for part in parts:
        part.find(person[new], codes)
    spread: Codes = codes[np.cumsum(new) - 1]
    return spread


def _lesser_reach(question: Question) -> Codes:
    if question.other_ground:
        return np.zeros(3, dtype=np.uint8)
    names = ("consent.other-purpose", "consent.other-recipient", "consent.other-artefact")
    return np.array([reason_code(name) for name in names], dtype=np.uint8)


def _codes_of_rows(batch: pa.RecordBatch, question: Question) -> Codes:
    """Return each row's code as if it were the one asked for.

    What is known of a row fits into a byte, and the reasons and their order into one table of 256: so each
    column is gone over once, whatever the rows say.
    """
    at = question.at_us
    packed = _translated(small(batch, "state"), _STATES)
    packed |= _translated(small(batch, "flags"), _flags_table(question.required_flags))
    packed |= (moments(batch, "retained_until_us") <= at).view(np.uint8) << np.uint8(5)
    packed |= (moments(batch, "counts_from_us") > at).view(np.uint8) << np.uint8(6)
    packed |= (moments(batch, "valid_until_us") <= at).view(np.uint8) << np.uint8(7)
    return _translated(packed, _rows_table(other_ground=question.other_ground, compels=question.compels))


# Bits 0 and 1: what a state says; bits 2 to 4: what the flags lack; bits 5 to 7: the three moments.
_STOPS = {EventKind.EXPIRED: 1, EventKind.WITHDRAWN: 2, EventKind.SUSPENDED: 3}
_STATES = bytes(
    _STOPS.get(EventKind(state), 0) if 1 <= state <= max(EventKind) else 0 for state in range(256)
)
_LACKS = (
    "",
    "consent.no-guardian",
    "consent.not-informed",
    "consent.not-separate",
    "consent.not-explicit",
    "consent.no-cross-border",
)


@cache
def _flags_table(required: int) -> bytes:
    """Return for each value of the flags the first of ``_LACKS`` that applies, in bits 2 to 4."""
    wanted = (ConsentFlag.INFORMED, ConsentFlag.SEPARATE, ConsentFlag.EXPLICIT, ConsentFlag.CROSS_BORDER)

    def lack(flags: int) -> int:
        if flags & ConsentFlag.UNDER_AGE and not flags & ConsentFlag.GUARDIAN:
            return 1
        lacking = (number for number, flag in enumerate(wanted, 2) if required & flag and not flags & flag)
        return next(lacking, 0)

    return bytes(lack(flags) << 2 for flags in range(256))


@cache
def _rows_table(*, other_ground: bool, compels: bool) -> bytes:
    """Return the code of each packed row: the first reason that applies."""

    def code(packed: int) -> int:
        stop, lack = packed & 3, packed >> 2 & 7
        reasons = (
            ("consent.suspended", stop == 3 and not compels),
            ("consent.withdrawn", stop == 2 and not compels),
            ("consent.expired", (stop == 1 or bool(packed & 128)) and not other_ground),
            ("consent.not-yet-counted", bool(packed & 64) and not other_ground),
            ("consent.retention-ended", bool(packed & 32) and not other_ground),
            (_LACKS[lack % len(_LACKS)], 0 < lack < len(_LACKS) and not other_ground),
        )
        return next((reason_code(name) for name, applies in reasons if applies), 0)

    return bytes(code(packed) for packed in range(256))


def _traits_table(artefact: Artefact) -> bytes:
    """Return for each value of the traits what it says, in bits 5 and 6: 0 nothing, 1 erased, 2 not held."""
    holds = RecordTrait.IMAGE if artefact is Artefact.IMAGE else RecordTrait.TEMPLATE
    return bytes(
        1 << 5 if RecordTrait.ERASED & traits else 0 if holds & traits else 2 << 5 for traits in range(256)
    )


def _decided_table() -> bytes:
    def first(packed: int) -> int:
        own, over, code = packed >> 5 & 3, packed >> 7, packed & 31
        return own or (reason_code("record.retention-ended") if over else code)

    return bytes(first(packed) for packed in range(256))


_TRAITS = {artefact: _traits_table(artefact) for artefact in Artefact}
_DECIDED = _decided_table()


def _columns_of(consents: Table) -> list[str]:
    # Where each row is the latest of its kind, its position decides nothing.
    folded = consents.metadata.get(Metadata.FOLDED) == "true"
    return [name for name in COLUMNS["consents"] if not (folded and name == "position")]


def _require_consents(batch: pa.RecordBatch, person: IdColumn, table: Table) -> None:
    state, artefact = small(batch, "state"), small(batch, "artefact")
    if state.min() < min(EventKind) or state.max() > max(EventKind):
        raise Misuse("release.unknown-value", f"{table.path} holds a state that nobody agreed on")
    if artefact.min() < min(Artefact) or artefact.max() > max(Artefact):
        raise Misuse("release.unknown-value", f"{table.path} holds an artefact that nobody agreed on")
    if table.layout is Layout.SORTED and int(person[-1]) >= int(table.metadata.get(Metadata.PERSONS, 0)):
        detail = f"{table.path} speaks of person {person[-1]} and says it knows fewer people"
        raise Misuse("release.person-beyond", detail)
    if not _consents_rise(batch, person):
        raise Misuse("release.unsorted", f"{table.path} is not in the agreed order, or a row stands twice")


def _consents_rise(batch: pa.RecordBatch, person: IdColumn) -> bool:
    """Tell whether (person, purpose, recipient, artefact, position where there is one) rises strictly."""
    pair = small(batch, "purpose").astype(np.uint32)
    pair <<= np.uint32(16)
    pair |= small(batch, "recipient")
    if not np.all(person[1:] >= person[:-1]):
        return False
    same = np.flatnonzero(person[1:] == person[:-1])
    if np.any(pair[same] > pair[same + 1]):
        return False
    same = same[pair[same] == pair[same + 1]]
    last = small(batch, "artefact").astype(np.uint64)
    if "position" in batch.schema.names:
        # No log is longer than 2^62 entries.
        last <<= np.uint64(62)
        last |= moments(batch, "position").view(np.uint64)
    return bool(np.all(last[same] < last[same + 1]))
