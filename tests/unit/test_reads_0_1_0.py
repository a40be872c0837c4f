"""What release 0.1.0 wrote is read by this one: a desk with stores and keys, receipts, salts, a consent copy.

The files stay as they were (``tests/fixtures/0.1.0``); a test opens a copy. Their clock stands still.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dongui.consent.events import EventKind
from dongui.consent.receipt import ConsentReceipt
from dongui.desk import Desk
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Refused
from dongui.log.checking import check_log
from dongui.log.checkpoint import verify_checkpoint
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import (
    LogEvidence,
    TrustedCheckpoint,
    check_consent,
    check_document,
    check_receipt,
)
from dongui.receipts.description import describe_receipt, words
from dongui.receipts.encoding import encode_statement
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.rendering import render_text
from dongui.receipts.salts import Disclosure
from dongui.receipts.statement import Outcome, SetOperatingPoint
from dongui.storage.sqlite.log_rows import StoredSqliteLog

WROTE = Path(__file__).parents[1] / "fixtures" / "0.1.0"
EXPECTED: dict[str, Any] = json.loads((WROTE / "expected.json").read_text())
CLOCK = FixedClock(datetime.fromisoformat(EXPECTED["at"]))
KEYS = OperatorKeys.parse((WROTE / "desk" / "operator.keys").read_text())
NOTE = verify_checkpoint((WROTE / "checkpoint").read_bytes(), origin=KEYS.log.name, key=KEYS.log)


def bundle(name: str) -> ReceiptBundle:
    return ReceiptBundle.read((WROTE / name).read_bytes())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(WROTE / "desk", tmp_path / "desk")
    with Desk(tmp_path / "desk", clock=CLOCK, entropy=SystemEntropy()) as opened:
        yield opened


def test_the_files_are_whole_and_alone() -> None:
    """No store leans on a write-ahead log, and no picture lies beside them."""
    found = {path.name for path in WROTE.rglob("*") if path.is_file()}
    assert {"ledger.sqlite", "sessions.sqlite", "log.sqlite", "receipts.key", "log.key"} <= found
    assert not [name for name in found if name.endswith(("-wal", "-shm", ".jpg", ".jpeg", ".png"))]
    assert not [path for path in WROTE.rglob("*.sqlite") if b"\xff\xd8\xff" in path.read_bytes()]


def test_its_desk_opens(desk: Desk) -> None:
    """Controller, keys and purposes are the ones of then; at the time of then nothing is over."""
    assert desk.entry.id == EXPECTED["controller"]
    assert desk.keys.text() == KEYS.text()
    assert EXPECTED["purpose"] in desk.purposes
    assert desk.purged == 0


def test_its_ledger_is_read(desk: Desk) -> None:
    """One consent holds, one is withdrawn, and the notice that was shown is still there to be read."""
    given = desk.ledger.history(bytes.fromhex(EXPECTED["given"]["record"]))
    withdrawn = desk.ledger.history(bytes.fromhex(EXPECTED["withdrawn"]))
    assert given.holds_at(CLOCK.now())
    assert withdrawn.state is EventKind.WITHDRAWN
    assert len(desk.ledger.list_records()) == 2
    assert desk.ledger.notice_text(given.record.notice_digest)
    assert len(desk.ledger.handle_key(EXPECTED["purpose"])) == 32


def test_its_consents_copy_is_read_and_stands_in_the_log(desk: Desk) -> None:
    """The person's copy equals the record, and its blind opens its entry."""
    written = (WROTE / "given.cbor").read_bytes()
    copy = ConsentReceipt.from_cbor(written)
    given = EXPECTED["given"]
    assert copy.to_cbor() == written
    assert copy.history == desk.ledger.history(bytes.fromhex(given["record"]))
    opened = commitment(written, blind=bytes.fromhex(given["blind"]))
    assert desk.log.entry(given["index"]) == Entry(EntryKind.CONSENT, opened)


def test_its_consent_can_still_be_taken_back(desk: Desk) -> None:
    """What a person was promised holds after an update."""
    record = bytes.fromhex(EXPECTED["given"]["record"])
    desk.withdraw_consent(record)
    assert desk.ledger.history(record).state is EventKind.WITHDRAWN


def test_its_sessions_are_read(desk: Desk) -> None:
    """An open session is whole, a spent one stays spent, a frame used that day stays used."""
    waiting = EXPECTED["open_session"]
    session = desk.sessions.load(waiting["id"], at=CLOCK.now())
    assert (session.nonce.hex(), session.binding.hex()) == (waiting["nonce"], waiting["binding"])
    assert session.consent_record == EXPECTED["given"]["record"]
    with pytest.raises(Refused, match="session.consumed"):
        desk.sessions.load(EXPECTED["spent_session"], at=CLOCK.now())
    with pytest.raises(Refused, match="capture.already-used"):
        desk.sessions.claim_capture([bytes.fromhex(EXPECTED["claimed_frame"])], at=CLOCK.now())
    assert desk.sessions.consume(waiting["id"], at=CLOCK.now()).session.id == waiting["id"]


def test_its_log_is_sound_and_grows_on(tmp_path: Path) -> None:
    """Every byte of it is recomputed; what is appended now extends the checkpoint of then."""
    shutil.copytree(WROTE / "desk", tmp_path / "desk")
    with StoredSqliteLog.look(tmp_path / "desk" / "log.sqlite", key=KEYS.log) as stored:
        checked = check_log(stored)
    assert (checked.size, checked.root.hex()) == (EXPECTED["log"]["size"], EXPECTED["log"]["root"])
    assert checked.entries == {**dict.fromkeys(EntryKind, 0), EntryKind.CONSENT: 3, EntryKind.VERIFICATION: 2}
    with Desk(tmp_path / "desk", clock=CLOCK, entropy=SystemEntropy()) as desk:
        desk.log.append([Entry(EntryKind.VERIFICATION, bytes(32))])
        now = desk.log.checkpoint()
        trusted = TrustedCheckpoint(now, desk.log.consistency(NOTE.size, now.size))
        found = check_receipt(bundle("receipt"), operator=KEYS, trusted=trusted)
    assert found.evidence is LogEvidence.CONSISTENT


def test_its_receipt_checks_and_says_the_same() -> None:
    """In both forms; written anew it has the same bytes; its salts still open what they opened."""
    written = (WROTE / "receipt").read_bytes()
    assert bundle("receipt.txt") == bundle("receipt")
    assert bundle("receipt").to_bytes() == written
    found = check_receipt(bundle("receipt"), operator=KEYS, trusted=TrustedCheckpoint(NOTE, None))
    assert found.evidence is LogEvidence.SAME_STATE
    statement = found.statement
    assert statement.outcome is Outcome.VERIFIED
    assert statement.receipt_id.hex() == EXPECTED["receipt_id"]
    assert (statement.purpose, statement.issued_at) == (EXPECTED["purpose"], CLOCK.now())
    assert statement.format == 1
    assert statement.operating_point == SetOperatingPoint("london-2026-11", assessed=False)
    salts = Disclosure.read((WROTE / "salts").read_bytes())
    assert salts.to_bytes() == (WROTE / "salts").read_bytes()
    check_consent(statement, disclosure=salts, consent_record=EXPECTED["given"]["record"])
    check_document(statement, disclosure=salts, issuer_signed=bytes.fromhex(EXPECTED["document"]))


def test_its_refusal_checks() -> None:
    """A receipt without document and comparison is read too."""
    statement = check_receipt(bundle("refused"), operator=KEYS, trusted=None).statement
    assert statement.outcome is Outcome.REFUSED
    assert statement.reason == "capture.already-used"
    assert (statement.document, statement.comparison) == (None, None)
    # What was set then is not in it, and is not made up.
    assert (statement.format, statement.operating_point) == (1, None)
    for language in ("ko", "en"):
        told = render_text(describe_receipt(statement, language=language, evidence=None))
        assert words()["value.no-operating-point"][language] in told


@pytest.mark.parametrize("name", ["receipt", "refused"])
def test_its_statements_keep_their_form(name: str) -> None:
    """Read and written again, a statement of then has the same bytes: it is not turned into a newer one."""
    statement = bundle(name).statement()
    assert encode_statement(statement) in bundle(name).receipt


def test_its_receipt_is_redeemed_once(desk: Desk) -> None:
    """The husk of a session of then still lets its receipt be used, and only once."""
    desk.redeem(bundle("receipt"), EXPECTED["spent_session"])
    with pytest.raises(Refused, match="receipt.redeemed"):
        desk.redeem(bundle("receipt"), EXPECTED["spent_session"])
