"""Acting on a receipt at the desk: checked, *verified*, of this session, once, in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dongui.demo.cast import LicensingAuthority
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Refused
from dongui.receipts.statement import Controller
from dongui.session import REDEMPTION_WINDOW, SESSION_LIFETIME, Session
from simulators.desk_receipts import hand_out, refusal, success
from simulators.main_path import read_licence

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    with Desk(tmp_path / "desk", clock=FixedClock(NOON), entropy=SystemEntropy()) as opened:
        yield opened


@pytest.fixture
def record(desk: Desk) -> bytes:
    authority = LicensingAuthority.found("Office", now=NOON, entropy=SystemEntropy())
    document = read_licence(authority.license("05"), authority, clock=desk.clock)
    return desk.give_consent("airport-gate", document, language="en").record_id


def session_of(desk: Desk, record: bytes) -> Session:
    return desk.open_session("airport-gate", record, handover=HANDOVER)


def test_a_verified_receipt_is_redeemed_once(desk: Desk, record: bytes) -> None:
    """The first time works and gives the checked receipt; the second does not."""
    session = session_of(desk, record)
    bundle, _ = hand_out(desk, session, success(desk, session))
    assert desk.redeem(bundle, session.id).statement.session_binding == session.binding
    with pytest.raises(Refused, match="receipt.redeemed"):
        desk.redeem(bundle, session.id)


def test_a_forged_receipt_spends_nothing(desk: Desk, record: bytes) -> None:
    """A changed signature or place in the log is noticed before the session is touched."""
    session = session_of(desk, record)
    bundle, _ = hand_out(desk, session, success(desk, session))
    changed = replace(bundle, receipt=bundle.receipt[:-1] + bytes([bundle.receipt[-1] ^ 1]))
    with pytest.raises(Refused, match="receipt.signature-invalid"):
        desk.redeem(changed, session.id)
    later, _ = hand_out(desk, other := session_of(desk, record), success(desk, other))
    with pytest.raises(Refused, match="receipt.not-in-log"):
        desk.redeem(replace(later, receipt=bundle.receipt), session.id)
    desk.redeem(bundle, session.id)


def test_a_refusal_opens_nothing(desk: Desk, record: bytes) -> None:
    """A sound receipt that says *refused* is no reason to act."""
    session = session_of(desk, record)
    bundle, _ = hand_out(desk, session, refusal(desk, session))
    with pytest.raises(Refused, match="receipt.not-verified"):
        desk.redeem(bundle, session.id)


def test_a_receipt_of_another_session_or_controller_opens_nothing(desk: Desk, record: bytes) -> None:
    """A copy brought to the next person's session is refused, and so is another controller's receipt."""
    first, second, third = (session_of(desk, record) for _ in range(3))
    mine, _ = hand_out(desk, first, success(desk, first))
    hand_out(desk, second, success(desk, second))
    with pytest.raises(Refused, match="receipt.other-session"):
        desk.redeem(mine, second.id)
    elsewhere = Controller("elsewhere.example", desk.controller.name)
    theirs, _ = hand_out(desk, third, replace(success(desk, third), controller=elsewhere))
    with pytest.raises(Refused, match="receipt.other-controller"):
        desk.redeem(theirs, third.id)
    with pytest.raises(Refused, match="session.unknown"):
        desk.redeem(mine, "00" * 16)


def test_a_receipt_is_redeemed_in_time(desk: Desk, record: bytes) -> None:
    """Five minutes after the session's expiry its receipt opens nothing any more."""
    session = session_of(desk, record)
    bundle, _ = hand_out(desk, session, success(desk, session))
    desk.clock = FixedClock(NOON + SESSION_LIFETIME + REDEMPTION_WINDOW)
    with pytest.raises(Refused, match="session.unknown"):
        desk.redeem(bundle, session.id)
    desk.clock = FixedClock(NOON + SESSION_LIFETIME + REDEMPTION_WINDOW - timedelta(seconds=1))
    desk.redeem(bundle, session.id)
