"""Whether a decision can be released or is a simulation: how its snapshot stands to log and clock."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dongui.consent.moments import utc, write_moment
from dongui.custody.record_columns import Table
from dongui.custody.release_files import Json
from dongui.custody.schema import Metadata
from dongui.environment import Clock
from dongui.errors import Misuse, Refused
from dongui.log.checkpoint import VerifiedCheckpoint, verify_checkpoint
from dongui.log.interface import Log
from dongui.log.keys import VerifierKey
from dongui.log.proofs import verify_consistency

__all__ = ["ReleaseLog", "Standing", "judge_standing"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReleaseLog:
    """The log a release is entered in, and the public key its checkpoints are signed with."""

    log: Log
    key: VerifierKey


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the snapshot, for the manifest, and what makes the decision a simulation, if anything.

    ``against``: ``no-log``, ``no-checkpoint``, ``before-snapshot``, ``snapshot-old``, ``after-now``.
    """

    snapshot: Mapping[str, Json]
    against: tuple[str, ...]

    @property
    def is_release(self) -> bool:
        """True if nothing stands against handing over."""
        return not self.against


def judge_standing(
    consents: Table, at: datetime, *, log: ReleaseLog | None, clock: Clock, freshness: timedelta
) -> Standing:
    """Judge a snapshot for a question about the moment ``at``.

    Raises ``Misuse`` (``snapshot.malformed-metadata``: a number of its metadata is none); ``Refused``:
    ``release.snapshot-contradicts``, ``log.*`` (its checkpoint is not of this log, or of a log that went
    another way).
    """
    at, now = utc(at), clock.now()
    position_at, created_at = _moment(consents, Metadata.POSITION_US), _moment(consents, Metadata.CREATED_US)
    note = consents.metadata.get(Metadata.CHECKPOINT, "")
    found = {
        "no-log": log is None,
        "no-checkpoint": log is not None and not note,
        # What was withdrawn by the moment asked about must be in the snapshot.
        "before-snapshot": at < position_at,
        "after-now": at > now,
        # A snapshot from tomorrow is one whose moments cannot be believed.
        "snapshot-old": now - created_at > freshness or created_at > now,
    }
    if log is not None and note:
        _require_of_this_log(consents, _decoded(note), log)
    snapshot: dict[str, Json] = {
        "position": consents.number(Metadata.POSITION),
        "position_at": write_moment(position_at),
        "created_at": write_moment(created_at),
        "checkpoint": note,
    }
    return Standing(snapshot, tuple(name for name, holds in found.items() if holds))


def _require_of_this_log(consents: Table, note: bytes, log: ReleaseLog) -> VerifiedCheckpoint:
    """Check that the snapshot was made from this very log: its beginning, as it is now."""
    seen = verify_checkpoint(note, origin=log.key.name, key=log.key)
    if seen.size != (position := consents.number(Metadata.POSITION)):
        detail = f"it says position {position}; its checkpoint is over {seen.size} entries"
        raise Refused("release.snapshot-contradicts", detail)
    now = log.log.checkpoint()
    if seen.size > now.size:
        raise Refused("log.rolled-back", f"it has {now.size} entries; the snapshot saw {seen.size}")
    if seen.size == now.size or seen.size == 0:
        if seen.size and seen.root != now.root:
            raise Refused("log.rolled-back", f"its {now.size} entries are not those the snapshot saw")
        return seen
    proof = log.log.consistency(seen.size, now.size)
    verify_consistency(proof, old_root=seen.root, new_root=now.root)
    return seen


def _decoded(note: str) -> bytes:
    try:
        return base64.b64decode(note, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("log.checkpoint-malformed", "the snapshot's checkpoint is not base64") from None


def _moment(consents: Table, key: Metadata) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=consents.number(key))
    except OverflowError:
        raise Misuse(
            "snapshot.malformed-metadata", f"{consents.path}: {key.value} is beyond the calendar"
        ) from None
