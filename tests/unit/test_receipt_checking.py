"""A receipt is believed for its signature and its place in the log, and for nothing less."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dongui.encoding import cbor, cose
from dongui.encoding.cbor import Tagged
from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Refused, Undetermined
from dongui.log.keys import SignerKey, VerifierKey
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import (
    LogEvidence,
    TrustedCheckpoint,
    check_consent,
    check_document,
    check_receipt,
    require_verified,
)
from dongui.receipts.encoding import encode_statement
from dongui.receipts.issuing import IssuedReceipt
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.salts import Disclosure
from dongui.receipts.signing import read_statement
from dongui.receipts.statement import Outcome
from simulators.receipts import NOON, Operator, Person, refused, undetermined, verified

SOMEBODY = Person.named("somebody")


@pytest.fixture
def operator() -> Operator:
    return Operator()


def logged(operator: Operator, others: int = 5) -> tuple[IssuedReceipt, ReceiptBundle]:
    for _ in range(others):
        operator.append(operator.issue(verified(Person.named("another"))))
    issued = operator.issue(verified(SOMEBODY))
    return issued, operator.bundle(issued)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9])
def test_a_receipt_checks_out_in_a_log_of_any_size(operator: Operator, size: int) -> None:
    """What was issued and logged is found, and the statement comes back as it was made."""
    issued, bundle = logged(operator, others=size - 1)
    found = check_receipt(bundle, operator=operator.keys, trusted=None)
    assert found.statement == issued.statement
    assert (found.index, found.checkpoint.size) == (size - 1, size)
    assert found.evidence is LogEvidence.LOG_ALONE


def test_both_forms_of_a_bundle_carry_the_same(operator: Operator) -> None:
    """File and QR code are two spellings of one receipt."""
    _, bundle = logged(operator)
    for data in (bundle.to_bytes(), bundle.to_text().encode(), f"{bundle.to_text()}\r\n".encode()):
        assert ReceiptBundle.read(data) == bundle


def test_another_operators_key_is_refused(operator: Operator) -> None:
    """Only the operator's own key makes its receipts."""
    _, bundle = logged(operator)
    stranger = VerifierKey("gate.example", Ed25519PrivateKey.generate().public_key())
    with pytest.raises(Refused, match="receipt.signature-invalid"):
        check_receipt(bundle, operator=OperatorKeys(stranger, operator.keys.log), trusted=None)


def test_the_logs_key_cannot_sign_receipts(operator: Operator) -> None:
    """A signature over the same statement by the log's key is no receipt."""
    issued, bundle = logged(operator)
    message = cose.sign1(encode_statement(issued.statement), key=operator.log_key.private_key)
    forged = replace(bundle, receipt=cbor.dumps(Tagged(18, message.to_cbor())))
    with pytest.raises(Refused, match="receipt.signature-invalid"):
        check_receipt(forged, operator=operator.keys, trusted=None)


def test_a_signature_for_another_purpose_is_no_receipt(operator: Operator) -> None:
    """The operator's key over the very same statement, but not signed *as a receipt*, is refused."""
    issued, bundle = logged(operator)
    message = cose.sign1(encode_statement(issued.statement), key=operator.key)
    forged = replace(bundle, receipt=cbor.dumps(Tagged(18, message.to_cbor())))
    with pytest.raises(Refused, match="receipt.signature-invalid"):
        check_receipt(forged, operator=operator.keys, trusted=None)


def test_headers_nobody_signed_are_refused(operator: Operator) -> None:
    """An unprotected header would ride along under a valid signature."""
    issued, bundle = logged(operator)
    message = cose.sign1(
        encode_statement(issued.statement),
        key=operator.key,
        unprotected={4: b"rider"},
        external_aad=b"dongui/receipt/1",
    )
    forged = replace(bundle, receipt=cbor.dumps(Tagged(18, message.to_cbor())))
    with pytest.raises(Refused, match="receipt.malformed"):
        check_receipt(forged, operator=operator.keys, trusted=None)


def test_a_receipt_that_was_never_logged_is_refused(operator: Operator) -> None:
    """No log entry, no use: a signed receipt with another receipt's proof is not in the log."""
    _, bundle = logged(operator)
    unlogged = operator.issue(verified(SOMEBODY))
    with pytest.raises(Refused, match="receipt.not-in-log"):
        check_receipt(replace(bundle, receipt=unlogged.receipt), operator=operator.keys, trusted=None)


def test_a_log_state_nobody_signed_is_refused(operator: Operator) -> None:
    """The proof must lead to a state that the log's own key signed."""
    _, bundle = logged(operator)
    stranger = SignerKey.generate("log.gate.example", entropy=SystemEntropy()).verifier
    with pytest.raises(Refused, match="receipt.checkpoint-invalid"):
        check_receipt(bundle, operator=OperatorKeys(operator.keys.receipts, stranger), trusted=None)


def test_a_trusted_state_of_the_same_size_settles_it(operator: Operator) -> None:
    """The same state from elsewhere is evidence; another root for the same size is a split log."""
    _, bundle = logged(operator)
    same = TrustedCheckpoint(operator.checkpoint(), None)
    assert check_receipt(bundle, operator=operator.keys, trusted=same).evidence is LogEvidence.SAME_STATE
    operator.log.leaves[0] = bytes(32)
    split = TrustedCheckpoint(operator.checkpoint(), None)
    with pytest.raises(Refused, match="receipt.checkpoint-differs"):
        check_receipt(bundle, operator=operator.keys, trusted=split)


@pytest.mark.parametrize("trusted_size", [4, 11])
def test_a_trusted_state_of_another_size_needs_its_proof(operator: Operator, trusted_size: int) -> None:
    """Older or newer: one history must be proved; without the proof nothing can be told."""
    _, bundle = logged(operator)
    size = bundle.proof.size
    for _ in range(6):
        operator.append(operator.issue(verified(SOMEBODY)))
    trusted = operator.checkpoint(trusted_size)
    with pytest.raises(Undetermined, match="receipt.checkpoint-not-comparable"):
        check_receipt(bundle, operator=operator.keys, trusted=TrustedCheckpoint(trusted, None))
    proof = operator.consistency(*sorted((size, trusted_size)))
    found = check_receipt(bundle, operator=operator.keys, trusted=TrustedCheckpoint(trusted, proof))
    assert found.evidence is LogEvidence.CONSISTENT
    broken = replace(proof, hashes=(bytes(32), *proof.hashes[1:]))
    with pytest.raises(Refused, match="receipt.checkpoint-differs"):
        check_receipt(bundle, operator=operator.keys, trusted=TrustedCheckpoint(trusted, broken))


def test_a_person_can_show_what_their_receipt_is_about(operator: Operator) -> None:
    """With the salts, and only with them, document and consent record are shown; another's are refused."""
    issued, _ = logged(operator)
    salts, other = issued.disclosure, operator.issue(verified(SOMEBODY)).disclosure
    check_document(issued.statement, disclosure=salts, issuer_signed=SOMEBODY.issuer_signed)
    check_consent(issued.statement, disclosure=salts, consent_record=SOMEBODY.consent_record)
    stranger = Person.named("a stranger")
    for disclosure, person in ((salts, stranger), (other, SOMEBODY)):
        with pytest.raises(Refused, match="receipt.other-document"):
            check_document(issued.statement, disclosure=disclosure, issuer_signed=person.issuer_signed)
        with pytest.raises(Refused, match="receipt.other-consent"):
            check_consent(issued.statement, disclosure=disclosure, consent_record=person.consent_record)


def test_a_receipt_about_no_document_shows_none(operator: Operator) -> None:
    """A verification that ended before the document cannot be shown to be about one."""
    issued = operator.issue(
        replace(refused(SOMEBODY, "session.consumed"), document=None, comparison=None, capture=None)
    )
    with pytest.raises(Refused, match="receipt.other-document"):
        check_document(issued.statement, disclosure=issued.disclosure, issuer_signed=b"")


def test_the_salts_come_back_as_they_were_written(operator: Operator) -> None:
    """The disclosure has one encoding; a value of another length is refused."""
    disclosure = operator.issue(verified(SOMEBODY)).disclosure
    assert Disclosure.from_bytes(disclosure.to_bytes()) == disclosure
    with pytest.raises(Refused, match="receipt.malformed"):
        Disclosure.from_bytes(replace(disclosure, consent_salt=b"short").to_bytes())
    assert disclosure.consent_salt.hex() not in repr(disclosure)


def test_the_salts_are_not_in_the_receipt(operator: Operator) -> None:
    """Handed apart means apart."""
    issued, bundle = logged(operator)
    carried = bundle.to_bytes()
    assert issued.disclosure.consent_salt not in carried
    assert issued.disclosure.document_salt not in carried


def test_only_a_verified_receipt_may_be_acted_on(operator: Operator) -> None:
    """Refused and undetermined receipts are sound, and open nothing."""
    for findings in (refused(SOMEBODY, "session.consumed"), undetermined(SOMEBODY, "clock.implausible")):
        bundle = operator.bundle(operator.issue(findings))
        with pytest.raises(Refused, match="receipt.not-verified"):
            require_verified(check_receipt(bundle, operator=operator.keys, trusted=None))
    require_verified(check_receipt(logged(operator)[1], operator=operator.keys, trusted=None))


def test_a_reason_belongs_to_its_outcome(operator: Operator) -> None:
    """A full disk is never written down as a refusal, a forgery never as nobody's fault."""
    for findings in (
        refused(SOMEBODY, "clock.implausible"),
        undetermined(SOMEBODY, "session.consumed"),
        refused(SOMEBODY, "no.such-failure"),
        refused(SOMEBODY, "file.not-found"),
    ):
        with pytest.raises(ValueError, match="is no reason"):
            operator.issue(findings)


def test_contradictions_cannot_be_signed(operator: Operator) -> None:
    """What cannot be true together cannot be said together."""
    whole = verified(SOMEBODY)
    for impossible in (
        replace(whole, reason="session.consumed", outcome=Outcome.VERIFIED),
        replace(whole, outcome=Outcome.REFUSED),
        replace(undetermined(SOMEBODY, "clock.implausible"), other_way=None),
        replace(whole, document=None),
        replace(whole, comparison=None),
        replace(whole, capture=None),
        replace(whole, purpose="two\nlines"),
        replace(whole, purpose="\u202egpj.elif"),
        replace(whole, purpose="x" * 121),
        replace(whole, purpose=""),
        replace(whole, notice_version=0),
        replace(whole, session_binding=b"short"),
    ):
        with pytest.raises(ValueError, match="."):
            operator.issue(impossible)


def test_times_are_told_in_whole_minutes(operator: Operator) -> None:
    """A finer time would tell receipts apart by the order of the people at the desk."""
    moment = NOON.replace(second=59, microsecond=999_999)
    issued = operator.issue(replace(verified(SOMEBODY), judged_at=moment), at=moment)
    assert issued.statement.issued_at == issued.statement.judged_at == NOON
    assert read_statement(issued.receipt) == issued.statement


def test_keys_have_one_text_form(operator: Operator) -> None:
    """What is written can be read; a missing, doubled or swapped line is misuse."""
    text = operator.keys.text()
    assert OperatorKeys.parse(text).text() == text
    first, second = text.splitlines()
    for wrong in (
        "",
        first,
        f"{second}\n{first}",
        f"{first}\n{first}",
        f"{text}{first}",
        "receipts x\nlog y",
    ):
        with pytest.raises(Misuse):
            OperatorKeys.parse(wrong)


def test_parts_of_different_logs_are_not_put_together(operator: Operator) -> None:
    """A bundle nobody could check is not handed out."""
    issued, bundle = logged(operator)
    other = Operator()
    other.append(issued)
    for proof, state, key in (
        (bundle.proof, operator.checkpoint(3), operator.log_key.verifier),
        (replace(bundle.proof, size=1, index=0), other.checkpoint(), operator.log_key.verifier),
    ):
        with pytest.raises(ValueError, match="."):
            ReceiptBundle.assemble(issued.receipt, proof=proof, checkpoint=state, log_key=key)
