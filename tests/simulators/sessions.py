"""Sessions for tests that are about something else."""

from __future__ import annotations

from datetime import UTC, datetime

from dongui.environment import FixedClock, SystemEntropy
from dongui.session import OpenID4VPHandover, Session, open_session

__all__ = ["HANDOVER", "NOON", "a_session"]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


HANDOVER = OpenID4VPHandover("x509_san_dns:gate.example", "https://gate.example/response")


def a_session(*, opened: datetime = NOON, consent_record: str = "record-7f3a") -> Session:
    """Open a session of the airport gate at ``opened``."""
    return open_session(
        purpose="airport-gate",
        consent_record=consent_record,
        controller="gate.example",
        handover=HANDOVER,
        clock=FixedClock(opened),
        entropy=SystemEntropy(),
    )
