"""The card of an assessment: plain words on the operating point, and under the digest on receipts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.assessment.point import require_same_measurement
from dongui.assessment.report.card import assessed_of
from dongui.assessment.result_json import write_result
from dongui.biometrics import operating_points as known_points
from dongui.biometrics.assessed import Assessed, digest_on_receipts
from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.cards import card
from dongui.biometrics.operating_points import (
    Measured,
    OperatingPoint,
    install_operating_point,
    read_operating_point,
)
from dongui.cli.assess_report import with_assessment
from dongui.cli.main import run
from dongui.consent.purpose import DEFAULT_HOLDER_BINDINGS
from dongui.documents.authenticated import HolderBinding
from dongui.documents.authenticating import HolderEvidence
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.recognising import Kind
from dongui.documents.trust import TrustAnchors
from dongui.errors import Misuse, Refused, Trouble
from dongui.examination import Examination, Order
from dongui.receipts.issuing import PresentedDocument
from dongui.receipts.statement import Comparison
from simulators.assessment_people import FACTS
from simulators.assessment_reports import plain_result
from simulators.mdoc_issuance import an_issuer

MODEL = card("dlib-resnet-v1")
TOLD = Assessed("ab" * 32, "what was seen\nand on whom", "본 것\n그리고 누구에게서")
CHANGED = (
    Assessed("ac" * 32, TOLD.card_en, TOLD.card_ko),
    Assessed(TOLD.sha256, "what was seen", TOLD.card_ko),
    Assessed(TOLD.sha256, TOLD.card_en, "본 것"),
)
FACTS_OF_A_DOCUMENT = PresentedDocument(
    "mdoc",
    "org.iso.18013.5.1.mDL",
    HolderBinding.DEVICE_MAC,
    b"s" * 64,
    ("mdoc.revocation-not-checked",),
)
ORDER = Order(
    judged_at=datetime(2026, 11, 22, tzinfo=UTC),
    kind=Kind.MDOC,
    trust=DocumentTrust.for_mdocs(
        TrustAnchors.from_certificates([an_issuer().root.public_bytes(Encoding.DER)])
    ),
    holder=HolderEvidence(b"t", ec.generate_private_key(ec.SECP256R1()), "n", None, None),
    handle_key=b"k",
    handle=b"h",
    challenge=Challenge(Side.PICTURE_LEFT),
    documents=("org.iso.18013.5.1.mDL",),
    holder_bindings=DEFAULT_HOLDER_BINDINGS,
    operating_point="point",
    accept_unassessed=True,
)


def point() -> OperatingPoint:
    """The point that the plain result is of."""
    result = plain_result()
    people = Measured("everyone", result.trials.people, result.trials.pictures, 0, 0, 0, 0, 0, 0, 0)
    bounds = result.bounds
    return OperatingPoint(
        "made-up",
        FACTS.name,
        bounds.mated_at_most,
        bounds.non_mated_from,
        bytes.fromhex(FACTS.pipeline_sha256),
        result.assessed_for_use,
        "Made-up people",
        date(2026, 11, 22),
        people,
    )


def test_a_recogniser_without_an_assessment_is_named_as_ever() -> None:
    """Receipts of points without one carry the digest of the card alone."""
    assert digest_on_receipts(MODEL, None) == MODEL.digest


def test_every_word_of_an_assessment_is_under_the_digest() -> None:
    """Another report, or one changed letter of its card in either language, is another digest."""
    digests = {digest_on_receipts(MODEL, one) for one in (None, TOLD, *CHANGED)}
    assert len(digests) == 2 + len(CHANGED)


def test_the_card_says_the_answer_the_verdict_and_the_report() -> None:
    """In both languages: who fares worst, whether it is assessed, the report's digest."""
    result = plain_result()
    told = assessed_of(result)
    assert told.sha256 == hashlib.sha256(write_result(result).encode()).hexdigest()
    for text in (told.card_en, told.card_ko):
        assert told.sha256 in text
        assert "night" in text
    assert "Not assessed for use" in told.card_en
    assert "사용 평가를 통과하지 못함" in told.card_ko


def test_a_long_title_fits_the_card() -> None:
    """Titles are as long as people make them; the card stays within its bound."""
    result = plain_result()
    titled = dataclasses.replace(result, data_set=dataclasses.replace(result.data_set, title="가\n" * 9_000))
    assert len(assessed_of(titled).card_ko) < 4_000


@pytest.mark.parametrize("text", ["", " \n", "x" * 4_001, "a\x1b[2Jb", "a\u202eb"])
def test_a_card_is_plain_text(text: str) -> None:
    """What moves a terminal's cursor or turns its letters round is no card."""
    with pytest.raises(ValueError, match="card"):
        Assessed("ab" * 32, text, "카드")


def test_a_point_keeps_its_assessment_in_its_file() -> None:
    """Written and read, it is the same, line ends and Hangul included."""
    assessed = dataclasses.replace(point(), assessment=TOLD)
    assert read_operating_point(assessed.to_toml().encode()) == assessed


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (lambda: dataclasses.replace(point(), recogniser="sface"), "recogniser"),
        (lambda: dataclasses.replace(point(), pipeline_digest=bytes(32)), "pipeline"),
        (lambda: dataclasses.replace(point(), mated_at_most=0.41), "bounds"),
        (lambda: dataclasses.replace(point(), assessed_for_use=True), "verdict"),
    ],
)
def test_anothers_assessment_is_not_taken(
    tmp_path: Path, other: Callable[[], OperatingPoint], what: str
) -> None:
    """A report of another recogniser, pipeline, bound or verdict lends its words to no point."""
    require_same_measurement(point(), plain_result())
    (tmp_path / "report.json").write_text(write_result(plain_result()))
    assert with_assessment(point(), tmp_path / "report.json").assessment == assessed_of(plain_result())
    with pytest.raises(Misuse) as caught:
        with_assessment(other(), tmp_path / "report.json")
    assert caught.value.name == "operating-point.other-assessment"
    assert what in caught.value.detail


@pytest.mark.parametrize(("language", "line"), [("en", "and on whom"), ("ko", "그리고 누구에게서")])
def test_a_recognisers_card_shows_its_assessment(
    monkeypatch: pytest.MonkeyPatch, language: str, line: str
) -> None:
    """`recogniser show` prints the card in the language asked for, and the digest with --json."""
    monkeypatch.setattr(known_points, "_installed", {})
    install_operating_point(dataclasses.replace(point(), recogniser=MODEL.name, assessment=TOLD))
    for more in ((), ("--json",)):
        out = StringIO()
        with redirect_stdout(out), pytest.raises(SystemExit):
            run(["recogniser", "show", MODEL.name, "--language", language, *more])
        if more:
            points = json.loads(out.getvalue())["result"]["operating_points"]
            assert TOLD.sha256 in {(one["assessment"] or {}).get("sha256") for one in points}
        else:
            assert line in out.getvalue()


def test_a_receipt_names_the_assessment_its_point_came_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the point has an assessment, an examination that names the card alone is not as ordered."""
    monkeypatch.setattr(known_points, "_installed", {})
    assessed = dataclasses.replace(point(), recogniser=MODEL.name, assessment=TOLD)
    install_operating_point(assessed)
    order = dataclasses.replace(ORDER, operating_point=assessed.name)
    found = Examination(FACTS_OF_A_DOCUMENT, "nose-parallax", None, Refused("comparison.non-mated", ""), {})
    named = Comparison(MODEL.name, digest_on_receipts(MODEL, TOLD))
    assert dataclasses.replace(found, comparison=named).as_ordered(order).comparison == named
    with pytest.raises(Trouble) as caught:
        dataclasses.replace(found, comparison=Comparison(MODEL.name, MODEL.digest)).as_ordered(order)
    assert caught.value.name == "examination.malformed"
