"""A clock that was set back must not keep a consent alive that its person takes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dongui.consent.coverage import covers
from dongui.consent.giving import give, withdraw
from dongui.consent.purpose import ArtefactClass
from dongui.consent.registration import register
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Refused
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators.consent_office import declared

GIVEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("back", [timedelta(milliseconds=1), timedelta(hours=1), timedelta(days=20)])
def test_a_withdrawal_is_recorded_whatever_the_clock_says(tmp_path: Path, back: timedelta) -> None:
    """Attack: run the desk's clock fast when consent is given, then set it right: "withdraw later", says the
    desk, and once the hour has come round again the consent holds.

    Law: a withdrawal stands from the moment it is asked for, dated no earlier than what it ends.
    """
    purpose = register(declared())
    entropy = SystemEntropy()
    with SqliteLedger.open(tmp_path / "ledger.sqlite", entropy=entropy) as ledger:
        given = give(
            ledger,
            purpose=purpose,
            handle=b"h" * 32,
            language="ko",
            clock=FixedClock(GIVEN),
            entropy=entropy,
        )
        record = given.history.record.id
        withdraw(ledger, record, clock=FixedClock(GIVEN - back), entropy=entropy)
        with pytest.raises(Refused, match=r"consent\.withdrawn"):
            covers(
                ledger.history(record),
                purpose=purpose,
                controller=purpose.controller.id,
                artefact_class=ArtefactClass.FEATURES,
                at=GIVEN + timedelta(hours=2),
            )
