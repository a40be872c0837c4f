"""A purpose that names a part of what a verification processes."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

from dongui.capture import Capture
from dongui.demo.cast import LicensingAuthority, recording, turn
from dongui.demo.story import CONTROLLER, HANDOVER, open_unasked
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Refused
from dongui.memory import SecretBuffer
from dongui.receipts.statement import Channel, Outcome
from simulators.main_path import Visit, presented, read_licence
from simulators.unasked import Unasked


def _purpose_naming(classes: set[str], desk: Path) -> None:
    """Register the airport's purpose anew, with only some of its biometric data in the declaration."""
    shipped = resources.files("dongui.profiles").joinpath("airport-gate")
    folder = desk / "purposes" / "short-gate"
    with resources.as_file(shipped) as source:
        shutil.copytree(source, folder)
    text = (folder / "purpose.toml").read_text(encoding="utf-8").replace("airport-gate", "short-gate")
    lines = [
        line
        for line in text.splitlines()
        if not line.startswith("artefact_class") or line.split('"')[1] in classes
    ]
    (folder / "purpose.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "named", [{"probe-image"}, {"probe-image", "reference-image"}, {"features", "reference-image"}]
)
def test_what_the_person_was_not_told_of_is_not_processed(tmp_path: Path, named: set[str]) -> None:
    """Attack: ask for consent to a photograph, and compute and compare features with it all the same.

    Law (charter, point 4): a verification reads the portrait, takes pictures and computes features; a consent
    that leaves one of the three out covers none of it.
    """
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    _purpose_naming(named, tmp_path / "desk")
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=SystemEntropy()) as desk:
        authority = LicensingAuthority.found("Office", now=desk.clock.now(), entropy=SystemEntropy())
        holder = authority.license("05")
        document = read_licence(holder, authority, clock=desk.clock)
        record = desk.give_consent("short-gate", document, language="ko").record_id
        with pytest.raises(Refused, match=r"consent\.other-artefact"):
            desk.open_session("short-gate", record, handover=HANDOVER)
        session = open_unasked(desk, "short-gate", record)
        frames = tuple(SecretBuffer(bytearray(frame)) for frame in recording(turn("05"), take=1))
        capture = Capture(frames, Channel.TRUSTED)
        visit = Visit(desk, session, presented(holder, session), capture, authority.anchors)
        examiner = Unasked()
        answer = visit.verify(examiner, purpose="short-gate")
    assert answer.outcome is Outcome.REFUSED
    assert answer.reason is not None
    assert answer.reason.name == "consent.other-artefact"
    assert not examiner.asked
