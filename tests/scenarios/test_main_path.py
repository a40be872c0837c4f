"""The main path on real input: real documents, real pictures, the real confined process, real SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dongui.biometrics.attack_detection.challenge import Side
from dongui.capture import Capture
from dongui.confinement import Confinement
from dongui.demo.cast import recording, turn
from dongui.demo.scenarios import SCENARIOS, Scenario, Twist
from dongui.demo.story import CONTROLLER, Story
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.examination import Examination
from dongui.log.entry import Entry, EntryKind
from dongui.memory import SecretBuffer
from dongui.receipts.checking import check_receipt
from dongui.receipts.statement import Channel, Outcome, SetOperatingPoint
from simulators.main_path import OneSidedEntropy, Visit, a_visit

BY_KEY = {scenario.key: scenario for scenario in SCENARIOS}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the module: what one visit leaves behind must not disturb the next."""
    path = tmp_path_factory.mktemp("desk") / "desk"
    create_desk(path, CONTROLLER, entropy=SystemEntropy())
    with Desk(path, clock=SystemClock(), entropy=SystemEntropy()) as opened:
        yield opened


@pytest.fixture(scope="module")
def examiner(desk: Desk) -> Iterator[Confinement]:
    with desk.start_examiner(progress=lambda _message: None) as started:
        yield started


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where nobody has consented to anything yet."""
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=SystemEntropy()) as opened:
        yield opened


@pytest.mark.parametrize("side", list(Side))
def test_every_visit_ends_as_promised(side: Side, tmp_path: Path, examiner: Confinement) -> None:
    """Each scenario's outcome and reason hold whichever side the session asks for first."""
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    entropy = OneSidedEntropy(side)
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=entropy) as desk:
        scenes = list(Story(desk, examiner, entropy=entropy).play(SCENARIOS))
    ended = {scene.scenario.key: (scene.outcome.name, scene.reason) for scene in scenes}
    promised = {
        scene.scenario.key: (scene.scenario.outcome.name, scene.scenario.reason)
        for scene in scenes
        if scene.scenario.outcome is not None
    }
    assert {key: ended[key] for key in promised} == promised
    # Every receipt, of whatever outcome and however early: which point was set, and that nobody assessed it.
    said = [scene.verification.receipt.statement() for scene in scenes]
    assert {one.operating_point for one in said} == {SetOperatingPoint("dlib-resnet-v1-london", False)}
    assert {one.comparison is None for one in said} == {True, False}


def test_every_outcome_has_a_receipt_that_checks_offline(own_desk: Desk, examiner: Confinement) -> None:
    """Verified, refused and undetermined visits alike: signed, logged, and checked with public keys alone."""
    keys = ("right-person", "altered", "cannot-turn")
    story = Story(own_desk, examiner, entropy=SystemEntropy())
    for scene in story.play([BY_KEY[key] for key in keys]):
        checked = check_receipt(scene.verification.receipt, operator=own_desk.keys, trusted=None)
        assert checked.statement.outcome is scene.outcome
        assert checked.statement.reason == scene.reason
        named = checked.statement.other_way is not None
        assert named is (scene.outcome is Outcome.UNDETERMINED)


def test_an_undetermined_visit_names_the_other_way_and_counts_nothing(
    own_desk: Desk, examiner: Confinement
) -> None:
    """Charter, point 9: trying again after "cannot tell" is as good as the first time."""
    story = Story(own_desk, examiner, entropy=SystemEntropy())
    scenes = list(story.play([BY_KEY["cannot-turn"], BY_KEY["dim"], BY_KEY["right-person"]]))
    assert [scene.outcome for scene in scenes[:2]] == [Outcome.UNDETERMINED] * 2
    assert all(scene.verification.other_way.en for scene in scenes)
    assert scenes[2].outcome is Outcome.VERIFIED


def test_a_verification_has_no_truth_value(desk: Desk, examiner: Confinement) -> None:
    """``if verify(...)`` would read "undetermined" as success: it raises instead."""
    visit = a_visit(desk, "05", turn("05"))
    answer = visit.verify(examiner)
    with pytest.raises(TypeError):
        bool(answer)


def test_buffers_are_overwritten_on_every_way_out(desk: Desk, examiner: Confinement) -> None:
    """Verified, refused and misused alike leave nothing but zeros in the caller's buffers."""
    verified = a_visit(desk, "05", recording(turn("05"), take=20))
    assert verified.verify(examiner).outcome is Outcome.VERIFIED
    refused = a_visit(desk, "05", recording(turn("12"), take=21))
    assert refused.verify(examiner).outcome is Outcome.REFUSED
    misused = a_visit(desk, "05", recording(turn("05"), take=22))
    with pytest.raises(Misuse, match="operating-point.not-assessed"):
        misused.verify(examiner, accept_unassessed=False)
    for visit in (verified, refused, misused):
        for buffer in (visit.document, *visit.capture.frames):
            assert not any(buffer.view)


def test_an_unassessed_point_is_not_used_unknowingly_and_costs_no_session(
    desk: Desk, examiner: Confinement
) -> None:
    """Without the caller's word nothing is judged: the session stays open."""
    visit = a_visit(desk, "05", recording(turn("05"), take=23))
    with pytest.raises(Misuse, match="operating-point.not-assessed"):
        visit.verify(examiner, accept_unassessed=False)
    assert desk.sessions.load(visit.session.id, at=desk.clock.now()).id == visit.session.id


def test_a_session_is_spent_by_its_one_comparison(desk: Desk, examiner: Confinement) -> None:
    """Charter, point 1: asking again until it fits needs a session each time, and the log shows them."""
    visit = a_visit(desk, "05", recording(turn("05"), take=24))
    visit.verify(examiner)
    again = Visit(desk, visit.session, visit.fresh_document(), visit.fresh_capture(25), visit.anchors)
    with pytest.raises(Refused, match="session.consumed"):
        again.verify(examiner)


def test_a_session_of_another_purpose_cannot_be_used(desk: Desk, examiner: Confinement) -> None:
    """A session opened at the gate does not open an account."""
    visit = a_visit(desk, "05", recording(turn("05"), take=26))
    with pytest.raises(Misuse, match="session.other-purpose"):
        visit.verify(examiner, purpose="building-access")


def test_no_answer_without_its_log_entry(own_desk: Desk, examiner: Confinement) -> None:
    """Charter, point 5: where the log cannot be written there is no answer, and the session is spent."""
    visit = a_visit(own_desk, "05", recording(turn("05"), take=27))
    with own_desk.log._database.transaction() as connection:  # a full disk, as SQLite meets it
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    fill(own_desk)
    size = own_desk.log.checkpoint().size
    with pytest.raises(Trouble, match="storage.full"):
        visit.verify(examiner)
    assert own_desk.log.checkpoint().size == size
    with pytest.raises(Refused, match="session.consumed"):
        own_desk.sessions.load(visit.session.id, at=own_desk.clock.now())


def fill(desk: Desk) -> None:
    """Append until not even one entry fits."""
    for size in (50, 1):
        with suppress(Trouble):
            while True:
                desk.log.append([Entry(EntryKind.CONSENT, bytes(32))] * size)


class Forger:
    """A confined process taken over by a hostile picture: it answers what it likes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def run(self, task: str, *, order: bytes, buffers: object) -> bytes:
        """Ignore everything and lie."""
        return self._answer

    def close(self) -> None:
        """Nothing to end."""


def test_a_taken_over_process_cannot_send_half_a_yes(desk: Desk) -> None:
    """ "Mated" without document, attack detection and comparison is trouble, never verified."""
    visit = a_visit(desk, "05", recording(turn("05"), take=28))
    answer = visit.verify(Forger(Examination(None, None, None, None, {}).to_bytes()))
    assert answer.outcome is Outcome.UNDETERMINED
    assert answer.reason is not None
    assert answer.reason.name == "examination.malformed"


def test_a_capture_knows_its_limits() -> None:
    """No frame, and one frame too many, are refused before anything is decoded."""
    with pytest.raises(Misuse, match="capture.empty"):
        Capture((), Channel.TRUSTED)
    with pytest.raises(Misuse, match="capture.too-many-frames"):
        Capture(tuple(SecretBuffer(bytearray(1)) for _ in range(301)), Channel.TRUSTED)


def test_scenarios_cover_every_twist() -> None:
    """The story leaves out no kind of visit it knows."""
    assert {scenario.twist for scenario in SCENARIOS} == set(Twist)
    assert isinstance(SCENARIOS[0], Scenario)
