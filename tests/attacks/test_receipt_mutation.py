"""Forging: every byte of a receipt, of its proof and of its place in the log is changed in turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dongui.encoding import cbor
from dongui.errors import Refused
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import check_receipt
from dongui.receipts.statement import Statement
from simulators.receipts import Operator, Person, refused, undetermined, verified

_LIMITS = cbor.Limits(max_bytes=8192, max_depth=4, max_items=200)


class Target:
    """One logged receipt and what its checker holds."""

    def __init__(self) -> None:
        self.operator = Operator()
        for _ in range(6):
            self.operator.append(self.operator.issue(verified(Person.named("another"))))
        findings = undetermined(Person.named("somebody"), "receipt.checkpoint-not-comparable")
        self.bundle = self.operator.bundle(self.operator.issue(findings))
        self.data = self.bundle.to_bytes()

    def name_of(self, data: bytes) -> str:
        """The name under which these bytes are refused. Fails if they are not."""
        with pytest.raises(Refused) as caught:
            check_receipt(ReceiptBundle.read(data), operator=self.operator.keys, trusted=None)
        return caught.value.name

    def region(self, part: bytes) -> range:
        start = self.data.index(part)
        return range(start, start + len(part))


TARGET = Target()


def test_the_target_itself_is_sound() -> None:
    """Otherwise every refusal below would prove nothing."""
    check_receipt(ReceiptBundle.read(TARGET.data), operator=TARGET.operator.keys, trusted=None)


def test_no_single_bit_can_be_changed() -> None:
    """Every bit of every byte matters: no change of one leaves a receipt that checks out."""
    for position in range(len(TARGET.data)):
        for bit in range(8):
            changed = bytearray(TARGET.data)
            changed[position] ^= 1 << bit
            assert TARGET.name_of(bytes(changed)).startswith("receipt.")


def test_no_byte_can_be_taken_or_added() -> None:
    """Cut at any length, or with anything behind or before it, the receipt is refused."""
    for length in range(len(TARGET.data)):
        assert TARGET.name_of(TARGET.data[:length]) == "receipt.malformed"
    for longer in (TARGET.data + b"\x00", b"\x00" + TARGET.data, TARGET.data * 2):
        assert TARGET.name_of(longer) == "receipt.malformed"


def set_point(statement: Statement) -> bytes:
    """The field that names the operating point and says whether it was assessed, as it is signed."""
    assert statement.operating_point is not None
    return cbor.dumps([statement.operating_point.name, statement.operating_point.assessed])


def parts() -> dict[str, tuple[bytes, set[str]]]:
    """Each region of the bundle, and under which names a change inside it may be refused."""
    bundle = TARGET.bundle
    message = cbor.loads(bundle.receipt, limits=_LIMITS)
    assert isinstance(message, cbor.Tagged)
    assert isinstance(message.value, list)
    payload, signature = message.value[2], message.value[3]
    statement = bundle.statement()
    assert isinstance(payload, bytes)
    assert isinstance(signature, bytes)
    assert statement.document is not None
    assert statement.comparison is not None
    signed = {"receipt.signature-invalid"}
    return {
        "statement": (payload, {*signed, "receipt.malformed", "receipt.unknown-format"}),
        "operator's signature": (signature, signed),
        "session binding": (statement.session_binding, signed),
        "consent reference": (statement.consent_reference, signed),
        "document digest": (statement.document.digest, signed),
        "model card digest": (statement.comparison.card_digest, signed),
        "blind": (statement.blind, signed),
        "operating point": (set_point(statement), {*signed, "receipt.malformed"}),
        "log's root": (bundle.root, {"receipt.checkpoint-invalid"}),
        "log's signature": (bundle.signature, {"receipt.checkpoint-invalid"}),
        "proof": (b"".join(bundle.proof.hashes), {"receipt.not-in-log"}),
    }


@pytest.mark.parametrize("name", list(parts()))
def test_a_change_is_refused_by_the_name_of_what_it_breaks(name: str) -> None:
    """Each region has its own way of failing, and the failure says which."""
    part, expected = parts()[name]
    found = set()
    for position in TARGET.region(part):
        changed = bytearray(TARGET.data)
        changed[position] ^= 0x01
        found.add(TARGET.name_of(bytes(changed)))
    assert found <= expected
    assert "receipt.malformed" not in found or len(found) > 1


@pytest.mark.parametrize("early", [False, True])
def test_nobody_but_the_operator_calls_a_point_assessed(early: bool) -> None:
    """One bit says "not assessed for use", also where nothing was compared: turned over,
    it was never signed.
    """
    findings = refused(Person.named("somebody"), "session.consumed")
    operator = Operator()
    bundle = operator.bundle(operator.issue(replace(findings, comparison=None) if early else findings))
    said = set_point(bundle.statement())
    assert (said[-1:], bundle.receipt.count(said)) == (b"\xf4", 1)
    praised = replace(bundle, receipt=bundle.receipt.replace(said, said[:-1] + b"\xf5"))
    with pytest.raises(Refused, match=r"receipt\.signature-invalid"):
        check_receipt(praised, operator=operator.keys, trusted=None)


def test_the_place_in_the_log_cannot_be_moved() -> None:
    """Another index, or another size, is another claim."""
    proof = TARGET.bundle.proof
    for index in range(proof.size):
        if index != proof.index:
            moved = replace(TARGET.bundle, proof=replace(proof, index=index))
            assert TARGET.name_of(moved.to_bytes()) == "receipt.not-in-log"
    for size in (proof.size + 1, proof.size * 2, 2**62):
        grown = replace(TARGET.bundle, proof=replace(proof, size=size))
        assert TARGET.name_of(grown.to_bytes()) == "receipt.checkpoint-invalid"


def test_parts_of_two_receipts_do_not_mix() -> None:
    """Two sound receipts of one operator: no part of one fits the other."""
    other = TARGET.operator.bundle(TARGET.operator.issue(verified(Person.named("other"))))
    mixed = [
        replace(TARGET.bundle, receipt=other.receipt),
        replace(TARGET.bundle, proof=other.proof),
        replace(TARGET.bundle, root=other.root),
        replace(TARGET.bundle, signature=other.signature),
        replace(TARGET.bundle, root=other.root, signature=other.signature),
        replace(TARGET.bundle, proof=other.proof, root=other.root, signature=other.signature),
    ]
    for bundle in mixed:
        assert TARGET.name_of(bundle.to_bytes()) in {"receipt.not-in-log", "receipt.checkpoint-invalid"}


def test_a_longer_spelling_of_the_same_receipt_is_refused() -> None:
    """The size written in eight bytes instead of one says the same, and would be a second digest for it."""
    size = TARGET.bundle.proof.size
    short = cbor.dumps([TARGET.bundle.proof.index, size])[1:]
    long = cbor.dumps(TARGET.bundle.proof.index) + b"\x1b" + size.to_bytes(8, "big")
    assert TARGET.data.count(short + b"\x58\x20") == 1
    respelt = TARGET.data.replace(short + b"\x58\x20", long + b"\x58\x20")
    assert TARGET.name_of(respelt) == "receipt.malformed"
