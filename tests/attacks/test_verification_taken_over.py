"""A picture that takes over the process which decodes it: what it can say, and what it cannot.

Whoever answers from inside can say "mated": that is why it is confined, hardened and short-lived. It cannot
put anything on a receipt that was not ordered, and it cannot keep the visit out of the log.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dongui.biometrics.cards import card
from dongui.biometrics.operating_points import operating_point
from dongui.demo.cast import recording, turn
from dongui.demo.story import CONTROLLER
from dongui.desk import Desk, create_desk
from dongui.documents.authenticated import HolderBinding
from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Refused
from dongui.examination import Examination
from dongui.receipts.issuing import PresentedDocument
from dongui.receipts.statement import Comparison, Outcome, SetOperatingPoint
from simulators.main_path import a_visit

POINT = operating_point("dlib-resnet-v1-london")
CARD = card(POINT.recogniser)
UNCHECKED = ("mdoc.revocation-not-checked",)
FACTS = PresentedDocument(
    "mdoc", "org.iso.18013.5.1.mDL", HolderBinding.DEVICE_SIGNATURE, b"s" * 32, UNCHECKED
)
COMPARED = Comparison(CARD.name, CARD.digest)
MATED = Examination(FACTS, "nose-parallax", COMPARED, None, {})

LIES = {
    "holder-not-bound": replace(MATED, document=replace(FACTS, holder_binding=HolderBinding.NOT_BOUND)),
    "document-not-accepted": replace(MATED, document=replace(FACTS, type="org.example.library-card")),
    "other-model": replace(MATED, comparison=replace(COMPARED, card="a-better-model")),
    "other-attack-detection": replace(MATED, attack_detection="iso-30107-3 level 2"),
    "signer-looked-up-in-no-list": replace(MATED, document=replace(FACTS, remarks=())),
    "long-document-type": replace(
        MATED, document=replace(FACTS, type="t" * 121), failure=Refused("mdoc.holder-not-bound", "x")
    ),
    "turned-text": replace(
        MATED, document=replace(FACTS, type="\u202eLDm"), failure=Refused("mdoc.holder-not-bound", "x")
    ),
    "a-picture-in-the-detail": replace(MATED, failure=Refused("comparison.non-mated", "f" * 20_000)),
}
# Of each visit a film of its own: a frame that was used is not used again.
TAKES = itertools.count(100)


class Forger:
    """A confined process taken over: it answers what it likes."""

    def __init__(self, answer: Examination | bytes) -> None:
        self._answer = answer if isinstance(answer, bytes) else answer.to_bytes()

    def run(self, task: str, *, order: bytes, buffers: object) -> bytes:
        """Ignore everything and lie."""
        return self._answer

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    path = tmp_path_factory.mktemp("desk") / "desk"
    create_desk(path, CONTROLLER, entropy=SystemEntropy())
    with Desk(path, clock=SystemClock(), entropy=SystemEntropy()) as opened:
        yield opened


def test_the_lies_below_fail_for_what_they_are(desk: Desk) -> None:
    """Law: what was ordered, answered as ordered, is an answer."""
    visit = a_visit(desk, "05", recording(turn("05"), take=0))
    assert visit.verify(Forger(MATED)).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("lie", sorted(LIES))
def test_what_was_not_ordered_reaches_no_receipt(desk: Desk, lie: str) -> None:
    """Attack: answer *mated*, and let the receipt say what nobody ordered, or let it fail to be made.

    Law: it is undetermined, stands in the log, and its receipt holds nothing that came from inside.
    """
    visit = a_visit(desk, "05", recording(turn("05"), take=1 + sorted(LIES).index(lie)))
    before = desk.log.checkpoint().size
    answer = visit.verify(Forger(LIES[lie]))
    assert answer.reason is not None
    assert (answer.outcome, answer.reason.name) == (Outcome.UNDETERMINED, "examination.malformed")
    assert desk.log.checkpoint().size == before + 1
    statement = answer.receipt.statement()
    assert statement.document is None
    assert statement.comparison is None
    assert statement.operating_point == SetOperatingPoint(POINT.name, assessed=False)


@pytest.mark.parametrize("word", [[POINT.name, True], ["nist-certified", False], [True]])
def test_nothing_is_asked_about_the_operating_point(desk: Desk, word: list[str | bool]) -> None:
    """Attack: call the operating point assessed, or by another name, beside the model that was compared with.

    Law: there is no place for it; the receipt says what the operator set.
    """
    fields = cbor.loads(MATED.to_bytes(), limits=cbor.Limits(10_000, 8, 100))
    assert isinstance(fields, dict)
    lies: dict[CborKey, CborValue] = {
        "comparison": [CARD.name, CARD.digest, *word],
        "operating_point": [*word],
    }
    for name, lie in lies.items():
        visit = a_visit(desk, "05", recording(turn("05"), take=next(TAKES)))
        statement = visit.verify(Forger(cbor.dumps({**fields, name: lie}))).receipt.statement()
        assert statement.operating_point == SetOperatingPoint(POINT.name, POINT.assessed_for_use)
