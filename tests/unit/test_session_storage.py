"""Sessions in SQLite: consumed once, redeemed once, and then forgotten down to the bytes of the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.session import REDEMPTION_WINDOW, Redemption, Session, frame_digest
from dongui.storage.sqlite.sessions import SqliteSessions
from simulators.sessions import NOON, a_session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
def sessions(path: Path) -> Iterator[SqliteSessions]:
    with SqliteSessions.open(path, entropy=SystemEntropy()) as opened:
        yield opened


def on_disk(path: Path) -> bytes:
    """Everything SQLite keeps: the file, its write-ahead log, its shared memory."""
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def redemption(session: Session, *, controller: str = "gate.example") -> Redemption:
    return Redemption(
        session_id=session.id,
        controller=controller,
        receipt_controller=controller,
        receipt_binding=session.binding,
    )


def test_a_session_comes_back_as_it_was_saved(sessions: SqliteSessions) -> None:
    """Loading gives every field back and leaves the session open."""
    session = a_session()
    sessions.save(session)
    for _ in range(2):
        loaded = sessions.load(session.id, at=NOON)
        assert loaded.reader_key.private_numbers() == session.reader_key.private_numbers()
        names = [name for name in Session.__slots__ if name != "reader_key"]
        assert [getattr(loaded, name) for name in names] == [getattr(session, name) for name in names]


def test_a_session_is_consumed_once(sessions: SqliteSessions) -> None:
    """The first to consume gets the session; after that it can neither be consumed, loaded nor saved."""
    session = a_session()
    sessions.save(session)
    assert sessions.consume(session.id, at=NOON).session.nonce == session.nonce
    with pytest.raises(Refused, match="session.consumed"):
        sessions.consume(session.id, at=NOON)
    with pytest.raises(Refused, match="session.consumed"):
        sessions.load(session.id, at=NOON)
    with pytest.raises(Refused, match="session.consumed"):
        sessions.save(session)


def test_an_unknown_session_is_refused(sessions: SqliteSessions) -> None:
    """A session nobody opened here cannot be consumed."""
    with pytest.raises(Refused, match="session.unknown"):
        sessions.consume(a_session().id, at=NOON)


def test_a_session_is_not_saved_twice(sessions: SqliteSessions) -> None:
    """Saving again would silently replace what was opened."""
    session = a_session()
    sessions.save(session)
    with pytest.raises(Misuse, match="session.already-open"):
        sessions.save(session)


def test_an_expired_session_is_refused_and_stays_refused(sessions: SqliteSessions) -> None:
    """Expiry is judged at consumption; a purge forgets the session but not that it is over."""
    session = a_session()
    sessions.save(session)
    late = session.expires
    with pytest.raises(Refused, match="session.expired"):
        sessions.consume(session.id, at=late)
    assert sessions.purge(at=late) == 0
    with pytest.raises(Refused, match="session.expired"):
        sessions.consume(session.id, at=NOON)
    with pytest.raises(Refused, match="session.consumed"):
        sessions.save(session)
    assert sessions.purge(at=late + REDEMPTION_WINDOW) == 1
    with pytest.raises(Refused, match="session.unknown"):
        sessions.consume(session.id, at=late)


def test_a_failed_consumption_consumes_nothing(sessions: SqliteSessions) -> None:
    """A clock set back is trouble, not a use: once it is mended the session still works."""
    session = a_session()
    sessions.save(session)
    with pytest.raises(Trouble, match="clock.implausible"):
        sessions.consume(session.id, at=NOON - timedelta(hours=1))
    sessions.consume(session.id, at=NOON)


def test_consumption_leaves_no_byte_of_what_led_to_the_person(sessions: SqliteSessions, path: Path) -> None:
    """After consumption, with the file still open, neither file nor write-ahead log holds the consent record,
    the purpose, the nonce, the reader's key or the transcript.
    """
    session = a_session(consent_record="record-of-one-person")
    scalar = session.reader_key.private_numbers().private_value.to_bytes(32, "big")
    personal = [b"record-of-one-person", session.purpose.encode(), session.nonce, scalar, session.transcript]
    sessions.save(session)
    before = on_disk(path)
    assert all(secret in before for secret in personal), "the search must be able to find them"
    sessions.consume(session.id, at=NOON)
    after = on_disk(path)
    assert [secret for secret in personal if secret in after] == []


def test_the_table_itself_refuses_a_history(sessions: SqliteSessions, path: Path) -> None:
    """Not even other code writing to the file can keep a consent record beside a consumed session."""
    session = a_session()
    sessions.save(session)
    with sqlite3.connect(path) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute("UPDATE session SET state = 'consumed'")
    other.close()


def test_purge_leaves_no_byte_of_a_session(sessions: SqliteSessions, path: Path) -> None:
    """When the redemption window has passed, not even the session's random id is on disk."""
    session = a_session()
    sessions.save(session)
    sessions.consume(session.id, at=NOON)
    assert session.id.encode() in on_disk(path)
    assert sessions.purge(at=session.expires + REDEMPTION_WINDOW) == 1
    assert session.id.encode() not in on_disk(path)
    assert session.binding not in on_disk(path)


def test_purge_forgets_a_session_nobody_came_for(sessions: SqliteSessions, path: Path) -> None:
    """An open session that expired keeps its consent record no longer than the next purge."""
    session = a_session(consent_record="record-of-one-person")
    sessions.save(session)
    assert sessions.purge(at=session.expires - timedelta(seconds=1)) == 0
    assert b"record-of-one-person" in on_disk(path)
    sessions.purge(at=session.expires)
    assert b"record-of-one-person" not in on_disk(path)


FRAMES = [frame_digest(memoryview(f"frame {number}".encode())) for number in range(12)]


def test_frames_are_used_once_a_day(sessions: SqliteSessions) -> None:
    """A capture that repeats even one frame of the same day is refused, and claims none of its others."""
    sessions.claim_capture(FRAMES[:5], at=NOON)
    with pytest.raises(Refused, match="capture.already-used"):
        sessions.claim_capture([*FRAMES[5:8], FRAMES[4]], at=NOON)
    sessions.claim_capture(FRAMES[5:8], at=NOON)


def test_a_camera_may_repeat_a_frame(sessions: SqliteSessions) -> None:
    """One clip that holds the same picture twice is no replay."""
    sessions.claim_capture([FRAMES[0], FRAMES[0]], at=NOON)
    with pytest.raises(Refused, match="capture.already-used"):
        sessions.claim_capture([FRAMES[0]], at=NOON)


def test_frames_are_known_to_other_processes(sessions: SqliteSessions, path: Path) -> None:
    """What one connection claimed, another refuses."""
    sessions.claim_capture(FRAMES, at=NOON)
    with (
        SqliteSessions.open(path, entropy=SystemEntropy()) as other,
        pytest.raises(Refused, match="capture.already-used"),
    ):
        other.claim_capture(FRAMES[-1:], at=NOON)


def day_secrets(path: Path) -> list[bytes]:
    with sqlite3.connect(path) as connection:
        keys = [bytes(row[0]) for row in connection.execute("SELECT key FROM capture_key")]
        digests = [bytes(row[0]) for row in connection.execute("SELECT digest FROM captured")]
    connection.close()
    return keys + digests


def test_a_plain_digest_of_a_frame_is_never_kept(sessions: SqliteSessions, path: Path) -> None:
    """Whoever holds a picture cannot look it up: only a digest under the day's key is on disk."""
    sessions.claim_capture(FRAMES, at=NOON)
    assert len(day_secrets(path)) == 1 + len(FRAMES)
    assert not any(digest in on_disk(path) for digest in FRAMES)


@pytest.mark.parametrize("how", ["claim", "purge"])
def test_the_next_day_no_byte_of_key_or_digest_is_left(
    sessions: SqliteSessions, path: Path, how: str
) -> None:
    """Key and digests go with the day, out of the file and out of its write-ahead log."""
    evening = NOON.replace(hour=23, minute=59, second=59)
    sessions.claim_capture(FRAMES, at=evening)
    secrets = day_secrets(path)
    assert all(secret in on_disk(path) for secret in secrets), "the search must be able to find them"
    morning = evening + timedelta(seconds=1)
    if how == "claim":
        sessions.claim_capture(FRAMES[:1], at=morning)
    else:
        sessions.purge(at=morning)
    left = on_disk(path)
    assert [secret for secret in secrets if secret in left] == []


def test_a_digest_of_another_length_is_a_fault_of_the_caller(sessions: SqliteSessions) -> None:
    """Truncated digests would collide and refuse innocent people."""
    with pytest.raises(ValueError, match="32 bytes"):
        sessions.claim_capture([FRAMES[0][:16]], at=NOON)


def test_a_receipt_is_redeemed_once(sessions: SqliteSessions) -> None:
    """A receipt works once, also when it is presented to another connection."""
    session = a_session()
    sessions.save(session)
    sessions.consume(session.id, at=NOON)
    sessions.redeem(redemption(session), at=NOON)
    with pytest.raises(Refused, match="receipt.redeemed"):
        sessions.redeem(redemption(session), at=NOON)


def test_a_receipt_is_bound_to_its_controller(sessions: SqliteSessions) -> None:
    """Neither another controller may redeem it, nor a receipt of another controller be redeemed here."""
    session = a_session()
    sessions.save(session)
    sessions.consume(session.id, at=NOON)
    mine = redemption(session)
    for other in (
        redemption(session, controller="shop.example"),
        Redemption(session.id, "gate.example", "shop.example", mine.receipt_binding),
    ):
        with pytest.raises(Refused, match="receipt.other-controller"):
            sessions.redeem(other, at=NOON)
    sessions.redeem(mine, at=NOON)


def test_a_receipt_is_bound_to_its_session(sessions: SqliteSessions) -> None:
    """A sound receipt of yesterday does not open today's session."""
    session, other = a_session(), a_session()
    sessions.save(session)
    sessions.consume(session.id, at=NOON)
    with pytest.raises(Refused, match="receipt.other-session"):
        sessions.redeem(Redemption(session.id, "gate.example", "gate.example", other.binding), at=NOON)


def test_an_open_session_has_no_receipt_to_redeem(sessions: SqliteSessions) -> None:
    """Before the comparison there is nothing to redeem, whatever is held out."""
    session = a_session()
    sessions.save(session)
    with pytest.raises(Refused, match="session.unknown"):
        sessions.redeem(redemption(session), at=NOON)


def test_redemption_ends_with_its_window(sessions: SqliteSessions) -> None:
    """The window's last moment is inside, its end outside."""
    first, second = a_session(), a_session()
    for session in (first, second):
        sessions.save(session)
        sessions.consume(session.id, at=NOON)
    end = first.expires + REDEMPTION_WINDOW
    sessions.redeem(redemption(first), at=end - timedelta(seconds=1))
    with pytest.raises(Refused, match="session.unknown"):
        sessions.redeem(redemption(second), at=end)
