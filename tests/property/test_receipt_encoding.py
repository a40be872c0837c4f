"""One statement, one encoding; one receipt, one set of bytes; nothing else is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.consent.fields import Localised
from dongui.documents.authenticated import HolderBinding
from dongui.encoding import base45, cbor
from dongui.encoding.base45 import Base45Error
from dongui.errors import Refused
from dongui.log.proofs import InclusionProof
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.code_text import from_code
from dongui.receipts.encoding import decode_statement, encode_statement
from dongui.receipts.salts import Disclosure
from dongui.receipts.signing import read_statement
from dongui.receipts.statement import (
    FORMATS,
    Capture,
    Channel,
    Comparison,
    Controller,
    Document,
    Kept,
    Outcome,
    SetOperatingPoint,
    Statement,
)
from simulators.receipts import Operator, Person, refused

EXAMPLES = settings(max_examples=60, deadline=None)

printable = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
texts = st.text(printable, min_size=1, max_size=30)
digests = st.binary(min_size=32, max_size=32)
moments = st.integers(min_value=0, max_value=2**26).map(
    lambda minutes: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
localised = st.builds(Localised, texts, texts)
documents = st.builds(
    Document,
    kind=texts,
    type=texts,
    digest=digests,
    holder_binding=st.sampled_from([HolderBinding.DEVICE_MAC, HolderBinding.DEVICE_SIGNATURE]),
)
comparisons = st.builds(Comparison, card=texts, card_digest=digests)
points = st.builds(SetOperatingPoint, name=texts, assessed=st.booleans())
captures = st.builds(Capture, channel=st.sampled_from(Channel), attack_detection=texts)
reasons = st.from_regex(r"[a-z][a-z0-9-]{0,20}\.[a-z0-9-]{1,20}", fullmatch=True)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    outcome = draw(st.sampled_from(Outcome))
    verified = outcome is Outcome.VERIFIED
    form = draw(st.sampled_from(FORMATS))
    comparison = draw(comparisons if verified else st.none() | comparisons)

    return Statement(
        format=form,
        controller=draw(st.builds(Controller, texts, localised)),
        session_binding=draw(st.binary(min_size=16, max_size=16)),
        purpose=draw(texts),
        notice_version=draw(st.integers(min_value=1, max_value=999_999)),
        consent_reference=draw(digests),
        document=draw(documents if verified else st.none() | documents),
        outcome=outcome,
        reason=None if verified else draw(reasons),
        other_way=draw(localised) if outcome is Outcome.UNDETERMINED else None,
        operating_point=None if form == 1 and comparison is None else draw(points),
        comparison=comparison,
        capture=draw(captures if verified else st.none() | captures),
        kept=Kept.CONSENT_RECORD_AND_LOG_ENTRY,
        issued_at=draw(moments),
        judged_at=draw(st.none() | moments),
        blind=draw(digests),
    )


OPERATING_POINT = 17


def fields_of(statement: Statement) -> dict[cbor.CborKey, cbor.CborValue]:
    value = cbor.loads(encode_statement(statement), limits=cbor.Limits(4096, 4, 100))
    assert isinstance(value, dict)
    return value


@st.composite
def bundles(draw: st.DrawFn) -> ReceiptBundle:
    size = draw(st.integers(min_value=1, max_value=2**62))
    return ReceiptBundle(
        receipt=draw(st.binary(min_size=1, max_size=600)),
        proof=InclusionProof(
            draw(st.integers(min_value=0, max_value=size - 1)),
            size,
            tuple(draw(st.lists(digests, max_size=63))),
        ),
        root=draw(digests),
        signature=draw(st.binary(min_size=64, max_size=64)),
    )


@EXAMPLES
@given(statements())
def test_a_statement_survives_its_encoding(statement: Statement) -> None:
    """Reading gives back exactly what was written, and writing that gives the same bytes."""
    encoded = encode_statement(statement)
    assert decode_statement(encoded) == statement
    assert encode_statement(decode_statement(encoded)) == encoded


@EXAMPLES
@given(bundles())
def test_a_bundle_survives_both_forms(bundle: ReceiptBundle) -> None:
    """File and code give back the same bundle."""
    assert ReceiptBundle.read(bundle.to_bytes()) == bundle
    assert ReceiptBundle.read(bundle.to_text().encode()) == bundle


@EXAMPLES
@given(statements(), st.data())
def test_an_encoding_with_anything_added_is_refused(statement: Statement, data: st.DataObject) -> None:
    """A field nobody knows, of any key and value, is not silently passed."""
    value = fields_of(statement)
    # 15, another time of judgement, is the one field that may be there or not whatever the others say.
    free = st.integers(min_value=-30, max_value=40).filter(lambda key: key not in {*value, 15})
    key = data.draw(free | texts)
    value[key] = data.draw(st.none() | st.booleans() | st.integers(0, 99) | texts | digests)
    with pytest.raises(Refused, match=r"receipt\.malformed"):
        decode_statement(cbor.dumps(value))


@EXAMPLES
@given(statements(), st.data())
def test_an_encoding_with_a_field_taken_or_changed_in_type_is_refused(
    statement: Statement, data: st.DataObject
) -> None:
    """Every field is needed by what the others say, and has one type."""
    value = fields_of(statement)
    key = data.draw(st.sampled_from(sorted(key for key in value if isinstance(key, int))))
    optional = {7, 11, 12, 15} if statement.outcome is not Outcome.VERIFIED else {15}
    if key in optional or data.draw(st.booleans()):
        value[key] = [None, True] if not isinstance(value[key], list) else 5
    else:
        del value[key]
    with pytest.raises(Refused, match=r"receipt\.(malformed|unknown-format)"):
        decode_statement(cbor.dumps(value))


@EXAMPLES
@given(statements())
def test_a_receipt_of_form_2_is_never_silent_about_its_operating_point(statement: Statement) -> None:
    """However early it ended: without the field it is no receipt, and no value of it makes one up."""
    value = fields_of(
        replace(statement, format=2, operating_point=SetOperatingPoint("point", assessed=False))
    )
    assert value[OPERATING_POINT] == ["point", False]
    del value[OPERATING_POINT]
    for silent in (None, [], ["point"], ["point", None], ["point", 0], ["", False], ["point", False, 1]):
        changed = value if silent is None else {**value, OPERATING_POINT: silent}
        with pytest.raises(Refused, match=r"receipt\.malformed"):
            decode_statement(cbor.dumps(changed))


@EXAMPLES
@given(statements())
def test_a_receipt_of_one_form_is_none_of_another(statement: Statement) -> None:
    """The two forms share no encoding: changing the number alone gives no receipt."""
    value = fields_of(statement)
    other = {1: 2, 2: 1}[statement.format]
    with pytest.raises(Refused, match=r"receipt\.malformed"):
        decode_statement(cbor.dumps({**value, 1: other}))
    with pytest.raises(Refused, match=r"receipt\.unknown-format: .* reads 1 and 2"):
        decode_statement(cbor.dumps({**value, 1: 3}))


@EXAMPLES
@given(statements())
def test_form_1_ties_the_operating_point_to_the_comparison(statement: Statement) -> None:
    """Of a receipt of release 0.1.0 no operating point can be told that it does not hold."""
    point = SetOperatingPoint("point", assessed=True)
    with pytest.raises(ValueError, match="names its operating point"):
        replace(statement, format=1, operating_point=None if statement.comparison else point)


@EXAMPLES
@given(st.binary(max_size=300))
def test_no_bytes_break_a_reader(data: bytes) -> None:
    """Whatever arrives, the answer is a receipt or ``receipt.*``."""
    for read in (ReceiptBundle.read, ReceiptBundle.from_bytes, read_statement, decode_statement):
        with pytest.raises(Refused, match=r"^receipt\."):
            read(data)


@EXAMPLES
@given(st.text(max_size=300))
def test_no_text_breaks_a_reader(text: str) -> None:
    """A code that a phone read wrongly is refused by name."""
    for given_text in (text, f"DR1:{text}"):
        with pytest.raises(Refused, match=r"receipt\."):
            ReceiptBundle.from_text(given_text)


@EXAMPLES
@given(st.binary(max_size=200))
def test_base45_is_its_own_inverse(data: bytes) -> None:
    """RFC 9285: what is encoded decodes to itself, in the 45 characters alone."""
    text = base45.encode(data)
    assert base45.decode(text) == data
    assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@EXAMPLES
@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=60))
def test_base45_has_one_spelling(text: str) -> None:
    """A text that decodes is the one that encoding gives: no two codes are one receipt."""
    try:
        data = base45.decode(text)
    except Base45Error:
        return
    assert base45.encode(data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")],
)
def test_base45_is_the_standards(data: bytes, text: str) -> None:
    """The examples of RFC 9285, sections 4.3 and 4.4."""
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@pytest.mark.parametrize("text", ["A", "ABCD", "GGW", ":::", "aB8", "BB8\n", "한글자"])
def test_base45_refuses_what_it_never_writes(text: str) -> None:
    """Wrong lengths, groups beyond 65535 (``GGW`` is 65536), foreign characters: no bytes and no receipt."""
    with pytest.raises(Base45Error):
        base45.decode(text)
    with pytest.raises(Refused, match=r"receipt\.malformed"):
        from_code(f"DR1:{text}BB8", prefix="DR1:")


@EXAMPLES
@given(st.binary(max_size=120))
def test_no_bytes_break_the_reader_of_salts(data: bytes) -> None:
    """Whatever arrives in place of a disclosure is refused as ``receipt.*``."""
    with pytest.raises(Refused, match=r"receipt\."):
        Disclosure.from_bytes(data)


@pytest.mark.parametrize("key", [1, 5, 8, 13, 14])
def test_a_truth_value_is_no_number(key: int) -> None:
    """CBOR's true is not its 1, though Python says they are equal: else one statement had two encodings."""
    issued = Operator().issue(refused(Person.named("somebody"), "session.consumed"))
    value = cbor.loads(encode_statement(issued.statement), limits=cbor.Limits(4096, 4, 100))
    assert isinstance(value, dict)
    value[key] = True
    with pytest.raises(Refused, match=r"receipt\.malformed"):
        decode_statement(cbor.dumps(value))


@pytest.mark.parametrize(("index", "size"), [(5, 5), (0, 0), (-1, 5), (0, 2**62 + 1), (2**64 - 1, 2**62)])
def test_a_place_outside_the_log_is_refused_when_read(index: int, size: int) -> None:
    """Before any hash is made, and before a number meets code that trusts it."""
    bundle = Operator().bundle(Operator().issue(refused(Person.named("somebody"), "session.consumed")))
    moved = replace(bundle, proof=InclusionProof(index, size, ()))
    with pytest.raises(Refused, match=r"receipt\.malformed: .* a log of"):
        ReceiptBundle.from_bytes(moved.to_bytes())
