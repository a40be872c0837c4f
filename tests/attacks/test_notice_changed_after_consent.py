"""An operator who changes what people agreed to, and forgets, or avoids, to raise the version."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

from dongui.capture import Capture
from dongui.demo.cast import LicensingAuthority, portrait
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Refused
from dongui.memory import SecretBuffer
from dongui.profiles import shipped_profiles
from dongui.receipts.statement import Channel, Outcome
from simulators.main_path import Visit, presented, read_licence
from simulators.unasked import Unasked

CHANGES = {
    "a sentence appended": ("notice.en.md", None, "\nWe also show your face to our partners.\n"),
    "a longer validity": ("purpose.toml", "valid_days = 365", "valid_days = 366"),
    "a longer retention": ("purpose.toml", "consent_record_days = 365", "consent_record_days = 3650"),
    "another place": ("purpose.toml", 'storage_locations = ["KR"]', 'storage_locations = ["KR", "US"]'),
}


def opened(path: Path) -> Desk:
    return Desk(path, clock=SystemClock(), entropy=SystemEntropy())


@pytest.mark.parametrize(("file", "old", "new"), CHANGES.values(), ids=CHANGES.keys())
def test_what_is_changed_under_the_same_version_was_not_agreed_to(
    tmp_path: Path, file: str, old: str | None, new: str
) -> None:
    """Attack: let people agree, then change notice or terms and keep the version, so that all consents hold.

    Law (charter, point 4): nobody agreed to what stands there now. A verification is refused before a picture
    is looked at, and a renewal by the same name.
    """
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    own = tmp_path / "desk" / "purposes" / "own-gate"
    with resources.as_file(shipped_profiles()["airport-gate"]) as shipped:
        shutil.copytree(shipped, own)
    replace_in(own / "purpose.toml", 'id = "airport-gate"', 'id = "own-gate"')
    replace_in(own / "purpose.toml", 'covers = ["airport-gate"]', 'covers = ["own-gate"]')
    with opened(tmp_path / "desk") as desk:
        authority = LicensingAuthority.found("Office", now=desk.clock.now(), entropy=SystemEntropy())
        holder = authority.license("05")
        document = read_licence(holder, authority, clock=desk.clock)
        record = desk.give_consent("own-gate", document, language="en").record_id
        session = desk.open_session("own-gate", record, handover=HANDOVER)
    replace_in(own / file, old, new)
    with opened(tmp_path / "desk") as desk:
        examiner = Unasked()
        capture = Capture((SecretBuffer(bytearray(portrait("05"))),), Channel.TRUSTED)
        visit = Visit(desk, session, presented(holder, session), capture, authority.anchors)
        answer = visit.verify(examiner, purpose="own-gate")
        with pytest.raises(Refused) as caught:
            desk.renew_consent(record)
        with pytest.raises(Refused, match=caught.value.name):
            desk.open_session("own-gate", record, handover=HANDOVER)
    assert answer.outcome is Outcome.REFUSED
    assert answer.reason is not None
    assert answer.reason.name == caught.value.name == "consent.earlier-version"
    assert answer.reason.detail == caught.value.detail
    assert not examiner.asked


def replace_in(file: Path, old: str | None, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old is None or text.count(old) == 1
    file.write_text(text + new if old is None else text.replace(old, new), encoding="utf-8")
