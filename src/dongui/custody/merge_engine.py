"""One question decided by merging two sorted tables in one pass, on whole columns at a time.

Both tables rise by person. The consents are folded, row group by row group, into one code a person: the
first reason that applies, or 0. A block of records then looks its people up, and the reasons that lie in
the records themselves go before. What each code means is :func:`dongui.custody.schema.decide`; tests hold
the two equal.

Memory does not depend on the tables' sizes: one block of records, one row group of consents, and the codes of
the people between the block's first and last.
"""

from __future__ import annotations

from collections.abc import Sequence
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

MERGE_VERSION = "2"
"""Named in every manifest: a change of what is decided, or of how it is cut into parts, is a new number."""

Rows = NDArray[np.intp]
_UNKNOWN = reason_code("consent.unknown-person")
_MATCHED = 3  # a row's reach: how many of purpose, recipient and artefact are those asked for, in this order
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
        begin = max(0, int(np.searchsorted(starts, first, "left")) - 1)
        self._batches = consents.blocks(range(begin, len(starts)), _columns_of(consents))
        self._pending: list[pa.RecordBatch] = []  # of the last person seen, who may have more
        self._folded: list[People] = []
        self._last: np.generic | None = None
        self._at_end = False
        self._persons = consents.number(Metadata.PERSONS)

    def codes(self, person: IdColumn) -> Codes:
        """Return the code of each of ``person``, which rises and never goes back before an earlier call's.

        Raises ``Misuse``: ``snapshot.unsorted``, ``snapshot.null``, ``snapshot.truncated``,
        ``snapshot.unknown-value``, ``snapshot.unknown-person``.
        """
        first, last = person[0], person[-1]
        # Read on until somebody beyond the last is seen: whoever comes before is then complete.
        while not self._at_end and (self._last is None or self._last <= last):
            batch = next(self._batches, None)
            if batch is None:
                self._at_end = True
                self._settle()
            elif len(batch):
                self._take(batch)
        self._folded = [part for part in self._folded if part.person[-1] >= first]
        return _look_up(self._folded, person)

    def _take(self, batch: pa.RecordBatch) -> None:
        """Fold whoever is certainly complete; hold the last person back until the next rows are seen."""
        person = ids(batch, "person")
        first, before = person[0], self._last
        if before is not None and first < before:
            raise Misuse("snapshot.unsorted", f"{self._table.path} is not sorted by person")
        self._last = person[-1]
        self._require_known(person[-1])
        # Wherever a search cuts rows that are not in order, its pieces follow one another, and folding finds
        # which of them does not rise.
        begin = int(np.searchsorted(person, first, "right")) if first == before else 0
        self._pending += [batch.slice(0, begin)] if begin else []
        if begin == len(person):
            return
        self._settle()
        end = max(begin, int(np.searchsorted(person, person[-1], "left")))
        if begin < end:
            self._folded.append(fold(batch.slice(begin, end - begin), self._question, self._table))
        self._pending.append(batch.slice(end))

    def _require_known(self, person: np.generic) -> None:
        if self._table.layout is Layout.SORTED and int(person) >= self._persons:
            detail = f"{self._table.path} speaks of person {person} and says it knows {self._persons}"
            raise Misuse("snapshot.unknown-person", detail)

    def _settle(self) -> None:
        if self._pending:
            whole = pa.concat_batches(self._pending) if len(self._pending) > 1 else self._pending[0]
            self._pending = []
            self._folded.append(fold(whole, self._question, self._table))


def fold(batch: pa.RecordBatch, question: Question, table: Table) -> People:
    """Return the codes of the people of ``batch``, all of whose rows are in it.

    Raises ``Misuse``: ``snapshot.unsorted``, ``snapshot.unknown-value``, ``snapshot.unknown-person``.
    """
    person = ids(batch, "person")
    _require_consents(batch, person, table)
    people, place, span = _places(person, numbers=table.layout is Layout.SORTED)
    reach, code = _codes_of_rows(batch, question)
    codes = np.full(span, _UNKNOWN, dtype=np.uint8)
    # Of a person's rows the last one stays: right for whoever has one row, or reaches ever further.
    codes[place] = code
    same = place[1:] == place[:-1]
    if np.any(same & (reach[1:] < reach[:-1])):
        _furthest(codes, place, same, reach, code)
    return People(people, codes)


def _places(person: IdColumn, *, numbers: bool) -> tuple[IdColumn, Rows, int]:
    """Return the people as in :class:`People`, each row's place among them, and the number of places."""
    if numbers:
        span = int(person[-1]) - int(person[0]) + 1
        if span < _MAX_DENSE:
            place = person.astype(np.intp)
            place -= place[0]
            return (person[[0, -1]] if span > 1 else person[:1]), place, span
    new = np.append(True, person[1:] != person[:-1])
    people = person[new]
    return people, np.cumsum(new, dtype=np.intp) - 1, len(people)


def _furthest(codes: Codes, place: Rows, same: NDArray[np.bool_], reach: Codes, code: Codes) -> None:
    """Enter for people with several rows what counts: the furthest reach, and of rows as far the latest."""
    several = np.append(same, False)
    several[1:] |= same
    rows = np.flatnonzero(several)
    far = reach.take(rows)
    # Entered in this order, each replaces what was.
    for step in range(1, _MATCHED + 1):
        reached = rows.take(np.flatnonzero(far == step))
        codes[place.take(reached)] = code.take(reached)


def _codes_of_rows(batch: pa.RecordBatch, question: Question) -> tuple[Codes, Codes]:
    """Return how far each row reaches (0 to 3: purpose, recipient, artefact), and its code if it counts."""
    purpose = small(batch, "purpose") == question.purpose
    recipient = purpose & (small(batch, "recipient") == question.recipient)
    matched = recipient & (small(batch, "artefact") == int(question.artefact))
    reach = purpose.view(np.uint8) + recipient.view(np.uint8)
    reach += matched.view(np.uint8)
    code = _codes_of_terms(batch, question)
    # Terms count in a row that matched: all bits of 1 turned round are ones, of 0 none.
    code &= np.negative(matched.view(np.uint8))
    code |= _translated(reach, _lesser_table(other_ground=question.other_ground))
    return reach, code


def decide_records(batch: pa.RecordBatch, codes: Codes, question: Question) -> Codes:
    """Return each record's code from its own columns and its person's code.

    Raises ``Misuse`` (``snapshot.unknown-value``).
    """
    traits = small(batch, "traits")
    if len(traits) and traits.max() >= 2 * RecordTrait.ERASED:
        raise Misuse("snapshot.unknown-value", f"a record has traits {traits.max()}, which nobody agreed on")
    holds = RecordTrait.IMAGE if question.artefact is Artefact.IMAGE else RecordTrait.TEMPLATE
    against = (traits & np.uint8(holds | RecordTrait.ERASED)) != np.uint8(holds)
    against |= moments(batch, "retained_until_us") <= question.at_us
    rows = np.flatnonzero(against)
    decided = codes.copy()
    decided[rows] = _translated(traits.take(rows), _OWN_REASONS[question.artefact])
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


def _bit(truths: NDArray[np.bool_], place: int) -> Codes:
    """Return 1 << ``place`` for each that is true, in the truths' own memory."""
    bits = truths.view(np.uint8)
    # As a product: shifting bytes takes several times as long.
    bits *= np.uint8(1 << place)
    return bits


def _look_up(parts: Sequence[People], person: IdColumn) -> Codes:
    """Return the code of each of ``person``, which rises, among people whose parts follow one another."""
    if person.dtype == np.uint32 and int(person[-1]) - int(person[0]) < _MAX_DENSE:
        dense = np.full(int(person[-1]) - int(person[0]) + 1, _UNKNOWN, dtype=np.uint8)
        for part in parts:
            part.lay(int(person[0]), dense)
        place = person.astype(np.intp)
        place -= place[0]
        return dense.take(place)
    # Ids without numbers, or few people far apart: each known person is searched for once.
    new = np.append(True, person[1:] != person[:-1])
    codes = np.full(int(new.sum()), _UNKNOWN, dtype=np.uint8)
    for part in parts:
        part.find(person[new], codes)
    spread: Codes = codes[np.cumsum(new) - 1]
    return spread


@cache
def _lesser_table(*, other_ground: bool) -> bytes:
    """Return the code of each reach below a match; 0 where terms decide."""
    names = ("consent.other-purpose", "consent.other-recipient", "consent.other-artefact")
    codes = (0, 0, 0) if other_ground else tuple(map(reason_code, names))
    return bytes(codes).ljust(256, b"\0")


def _codes_of_terms(batch: pa.RecordBatch, question: Question) -> Codes:
    """Return each row's code as if it were the one asked for.

    What is known of a row fits into a byte, and the reasons and their order into one table of 256: so each
    column is gone over once, whatever the rows say.
    """
    at = question.at_us
    packed = _translated(small(batch, "state"), _STATES)
    packed |= _translated(small(batch, "flags"), _flags_table(question.required_flags))
    packed |= _bit(moments(batch, "retained_until_us") <= at, 5)
    packed |= _bit(moments(batch, "counts_from_us") > at, 6)
    packed |= _bit(moments(batch, "valid_until_us") <= at, 7)
    return _translated(packed, _terms_table(other_ground=question.other_ground, compels=question.compels))


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
def _terms_table(*, other_ground: bool, compels: bool) -> bytes:
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


def _own_reasons(artefact: Artefact) -> bytes:
    """Return for each value of the traits of a record with something of its own against it, what it is."""
    erased, lacking, over = map(
        reason_code, ("record.erased", "record.no-such-artefact", "record.retention-ended")
    )
    holds = RecordTrait.IMAGE if artefact is Artefact.IMAGE else RecordTrait.TEMPLATE
    return bytes(
        erased if RecordTrait.ERASED & traits else over if holds & traits else lacking
        for traits in range(256)
    )


_OWN_REASONS = {artefact: _own_reasons(artefact) for artefact in Artefact}


def _columns_of(consents: Table) -> list[str]:
    # Where each row is the latest of its kind, its position decides nothing.
    return [name for name in COLUMNS["consents"] if not (consents.is_folded and name == "position")]


def _require_consents(batch: pa.RecordBatch, person: IdColumn, table: Table) -> None:
    state, artefact = small(batch, "state"), small(batch, "artefact")
    if state.min() < min(EventKind) or state.max() > max(EventKind):
        raise Misuse("snapshot.unknown-value", f"{table.path} holds a state that nobody agreed on")
    if artefact.min() < min(Artefact) or artefact.max() > max(Artefact):
        raise Misuse("snapshot.unknown-value", f"{table.path} holds an artefact that nobody agreed on")
    if not _consents_rise(batch, person):
        raise Misuse("snapshot.unsorted", f"{table.path} is not in the agreed order, or a row stands twice")


def _consents_rise(batch: pa.RecordBatch, person: IdColumn) -> bool:
    """Tell whether (person, purpose, recipient, artefact, position where there is one) rises strictly."""
    after, before = person[1:], person[:-1]
    if np.any(after < before):
        return False
    key = small(batch, "purpose").astype(np.uint32)
    key <<= np.uint32(16)
    key |= small(batch, "recipient")
    stays = key[1:] <= key[:-1]
    stays &= after == before
    rows = np.flatnonzero(stays)
    if np.any(key[rows + 1] < key[rows]):
        return False
    return bool(np.all(_last_keys(batch, rows) < _last_keys(batch, rows + 1)))


def _last_keys(batch: pa.RecordBatch, rows: Rows) -> NDArray[np.uint64]:
    """Return artefact and position of some rows as one number each. No log is longer than 2^62 entries."""
    key = small(batch, "artefact")[rows].astype(np.uint64)
    key <<= np.uint64(62)
    if "position" in batch.schema.names:
        key |= moments(batch, "position").view(np.uint64)[rows]
    return key
