"""Linking: somebody collects receipts and tries to tell whose they are, or which belong together."""

from __future__ import annotations

import hashlib
import itertools
import random
import statistics
from collections.abc import Callable
from datetime import timedelta

from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.statement import Statement
from simulators.receipts import NOON, Operator, Person, verified

RECEIPTS = 120  # of each of two people

# What a receipt must say, and says to everybody alike.
COMMON: dict[str, Callable[[Statement], object]] = {
    "format": lambda statement: statement.format,
    "controller": lambda statement: statement.controller,
    "purpose": lambda statement: statement.purpose,
    "notice version": lambda statement: statement.notice_version,
    "document kind and type": lambda statement: (
        statement.document and (statement.document.kind, statement.document.type)
    ),
    "holder binding": lambda statement: statement.document and statement.document.holder_binding,
    "outcome": lambda statement: (statement.outcome, statement.reason, statement.other_way),
    "operating point": lambda statement: statement.operating_point,
    "comparison": lambda statement: statement.comparison,
    "capture": lambda statement: statement.capture,
    "kept": lambda statement: statement.kept,
    "judged at": lambda statement: statement.judged_at,
}
# What is drawn afresh, or hidden by something that is.
FRESH: dict[str, Callable[[Statement], bytes]] = {
    "receipt id": lambda statement: statement.receipt_id,
    "session binding": lambda statement: statement.session_binding,
    "consent reference": lambda statement: statement.consent_reference,
    "document digest": lambda statement: statement.document.digest if statement.document else b"",
    "blind": lambda statement: statement.blind,
}


def collect() -> tuple[list[tuple[Statement, bytes]], list[tuple[Statement, bytes]]]:
    """Receipts of two people with one document and one consent record each, in mixed order."""
    operator, dice = Operator(), random.Random(7)
    people = (Person.named("first"), Person.named("second"))
    turns = [0, 1] * RECEIPTS
    dice.shuffle(turns)
    found: tuple[list[tuple[Statement, bytes]], list[tuple[Statement, bytes]]] = ([], [])
    for number, turn in enumerate(turns):
        issued = operator.issue(verified(people[turn]), at=NOON + timedelta(seconds=20 * number))
        found[turn].append((issued.statement, issued.receipt))
    return found


FIRST, SECOND = collect()


def distance(one: bytes, other: bytes) -> int:
    return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))


def test_every_field_is_common_to_all_or_fresh_each_time() -> None:
    """The two lists together are the whole receipt: a field added later must be put into one of them."""
    accounted = {
        "format",
        "controller",
        "purpose",
        "notice_version",
        "document",
        "outcome",
        "reason",
        "other_way",
        "operating_point",
        "comparison",
        "capture",
        "kept",
        "judged_at",
        "session_binding",
        "consent_reference",
        "blind",
        "issued_at",
    }
    assert set(Statement.__slots__) == accounted


def test_what_is_common_does_not_tell_people_apart() -> None:
    """Every field that repeats has the same single value for both people."""
    for name, field in COMMON.items():
        values = [field(statement) for statement, _ in FIRST + SECOND]
        assert all(value == values[0] for value in values), name


def test_what_is_fresh_never_repeats() -> None:
    """No other field has the same value in any two receipts, of one person or of two."""
    for name, field in FRESH.items():
        values = {field(statement) for statement, _ in FIRST + SECOND}
        assert len(values) == 2 * RECEIPTS, name
    assert len({receipt for _, receipt in FIRST + SECOND}) == 2 * RECEIPTS


def test_fresh_fields_of_one_person_are_no_closer_than_those_of_two() -> None:
    """In every fresh field the bits of two receipts differ as often within one person as between two.

    Of fair bits half differ. Distances of random strings are independent pair by pair, so a mean over
    thousands of pairs strays by little; six of its standard errors are allowed.
    """
    for name, field in FRESH.items():
        ours = [field(statement) for statement, _ in FIRST]
        theirs = [field(statement) for statement, _ in SECOND]
        bits = 8 * len(ours[0])
        within = statistics.mean(distance(a, b) for a, b in itertools.combinations(ours, 2))
        between = statistics.mean(distance(a, b) for a, b in itertools.product(ours, theirs))
        tolerance = 6 * (bits**0.5 / 2) / (RECEIPTS * (RECEIPTS - 1) / 2) ** 0.5
        assert abs(within - bits / 2) < tolerance, name
        assert abs(between - bits / 2) < tolerance, name


def test_no_single_bit_of_a_receipt_depends_on_the_person() -> None:
    """Over the whole signed bytes no bit is set more often for one person than for the other by more than
    chance allows for so many positions (six standard errors).

    The time of issue advances in both series alike; that is the one field that is neither common nor fresh.
    """
    ours, theirs = ([receipt for _, receipt in receipts] for receipts in (FIRST, SECOND))
    sizes = {len(receipt) for receipt in ours + theirs}
    assert len(sizes) == 1, "length would tell receipts apart"
    limit = 6 * (0.5 / RECEIPTS) ** 0.5
    for position in range(8 * sizes.pop()):
        shares = [share_of_bit(receipts, position) for receipts in (ours, theirs)]
        assert abs(shares[0] - shares[1]) < limit, f"bit {position}"


def share_of_bit(receipts: list[bytes], position: int) -> float:
    byte, bit = divmod(position, 8)
    return sum(receipt[byte] >> bit & 1 for receipt in receipts) / len(receipts)


def test_the_experiment_would_notice_a_link() -> None:
    """The same count of bits finds a reference made without a salt: the test can fail."""
    ours = [bytes(32) for _ in FIRST]
    theirs = [b"\xff" * 32 for _ in SECOND]
    limit = 6 * (0.5 / RECEIPTS) ** 0.5
    assert any(abs(share_of_bit(ours, bit) - share_of_bit(theirs, bit)) > limit for bit in range(256))


def test_who_holds_document_and_consent_cannot_find_the_receipts() -> None:
    """Whoever has a person's whole document and consent record, but no salt, finds neither them nor their
    plain digests in the receipts.
    """
    operator, person = Operator(), Person.named("first")
    bundle = operator.bundle(operator.issue(verified(person)))
    carried = bundle.to_bytes()
    for secret in (person.issuer_signed, person.consent_record.encode()):
        assert secret[:8] not in carried
        for name in ("sha256", "sha384", "sha512"):
            assert hashlib.new(name, secret).digest()[:8] not in carried


def test_the_log_does_not_show_which_receipts_belong_together() -> None:
    """Who reads the whole log sees commitments alone; the same findings give another one each time."""
    operator, person = Operator(), Person.named("first")
    findings = verified(person)
    entries = {operator.issue(findings).entry.commitment for _ in range(20)}
    assert len(entries) == 20


def test_a_bundle_adds_its_place_in_the_log_and_no_more() -> None:
    """Besides the receipt a bundle holds its place, the log's size, hashes and signature: a field added later
    must be judged here.
    """
    assert set(ReceiptBundle.__slots__) == {"receipt", "proof", "root", "signature"}
