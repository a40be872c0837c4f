"""Receipts of form 2, as first issued, are read and checked by this version, and say what they said."""

from __future__ import annotations

import json
from pathlib import Path

import cbor2
import pytest

from dongui.documents.remarks import remarks
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import LogEvidence, check_consent, check_document, check_receipt
from dongui.receipts.description import describe_receipt, words
from dongui.receipts.encoding import encode_statement
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.rendering import render_text
from dongui.receipts.salts import Disclosure
from dongui.receipts.statement import SetOperatingPoint

WROTE = Path(__file__).parents[1] / "fixtures" / "receipt-form-2"
EXPECTED: dict[str, str] = json.loads((WROTE / "expected.json").read_text())
KEYS = OperatorKeys.parse((WROTE / "operator.keys").read_text())
OUTCOMES = ("verified", "refused", "undetermined")
NAMES = (*OUTCOMES, "remarked")
COMPARED = ("verified", "remarked")


def bundle(name: str) -> ReceiptBundle:
    return ReceiptBundle.read((WROTE / name).read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_it_checks_in_both_forms_and_keeps_its_bytes(name: str) -> None:
    """Signed and in the log; file and code are one; statement and bundle written anew have the same bytes."""
    assert bundle(f"{name}.txt") == bundle(name)
    assert bundle(name).to_bytes() == (WROTE / name).read_bytes()
    found = check_receipt(bundle(name), operator=KEYS, trusted=None)
    assert found.evidence is LogEvidence.LOG_ALONE
    assert found.statement.outcome.name.lower() == (name if name in OUTCOMES else "verified")
    assert found.statement.receipt_id.hex() == EXPECTED[name]
    assert encode_statement(found.statement) in bundle(name).receipt


@pytest.mark.parametrize("name", NAMES)
def test_it_names_its_operating_point(name: str) -> None:
    """Which was set, that nobody assessed it, and whether anything was compared: in every one of them."""
    statement = bundle(name).statement()
    assert statement.format == 2
    assert statement.operating_point == SetOperatingPoint("london-2026-11", assessed=False)
    assert (statement.comparison is not None) is (name in COMPARED)
    for language in ("ko", "en"):
        told = render_text(describe_receipt(statement, language=language, evidence=None))
        assert f"london-2026-11: {words()['value.not-assessed'][language]}" in told
        assert (words()["value.set-but-not-used"][language] in told) is (name not in COMPARED)


@pytest.mark.parametrize("name", NAMES)
def test_another_reader_finds_the_field_of_the_specification(name: str) -> None:
    """With a CBOR library alone: field 1 is 2, field 17 the point, field 11 there where it was compared."""
    statement = cbor2.loads(cbor2.loads(bundle(name).receipt).value[2])
    assert (statement[1], statement[17]) == (2, ["london-2026-11", False])
    assert (11 in statement) is (name in COMPARED)
    remarked = ["passport.image-header-disagrees", "passport.sha-1"]
    assert statement.get(18) == (remarked if name == "remarked" else None)
    assert 11 not in statement or len(statement[11]) == 2


def test_its_salts_still_open_it() -> None:
    """Document and consent record are shown with the salts of then."""
    statement = bundle("verified").statement()
    salts = Disclosure.read((WROTE / "verified.salts").read_bytes())
    check_consent(statement, disclosure=salts, consent_record=EXPECTED["consent_record"])
    check_document(statement, disclosure=salts, issuer_signed=bytes.fromhex(EXPECTED["document"]))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_its_remarks_are_told(language: str) -> None:
    """Each remark on the document is put into words, with its name; so is a binding that could be a copy."""
    statement = bundle("remarked").statement()
    told = render_text(describe_receipt(statement, language=language, evidence=None))
    for name in ("passport.image-header-disagrees", "passport.sha-1"):
        remark = remarks()[name]
        assert f"{remark.meaning_ko if language == 'ko' else remark.meaning} ({name})" in told
    assert words()["holder.copyable"][language] in told
