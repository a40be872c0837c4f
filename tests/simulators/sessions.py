"""Sessions for tests that are about something else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec

from dongui.encoding import cbor
from dongui.environment import FixedClock, SystemEntropy
from dongui.session import Session, jwk_thumbprint, open_session

__all__ = ["NOON", "PlainHandover", "a_session"]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlainHandover:
    """A handover of no standard: a transcript that depends on nonce and key, as every real one does."""

    def transcript(self, *, nonce: bytes, reader_key: ec.EllipticCurvePublicKey) -> bytes:
        return cbor.dumps([None, None, ["test", nonce, jwk_thumbprint(reader_key)]])


def a_session(*, opened: datetime = NOON, consent_record: str = "record-7f3a") -> Session:
    """Open a session of the airport gate at ``opened``."""
    return open_session(
        purpose="airport-gate",
        consent_record=consent_record,
        controller="gate.example",
        handover=PlainHandover(),
        clock=FixedClock(opened),
        entropy=SystemEntropy(),
    )
