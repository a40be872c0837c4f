"""The gate: a decision is whole, logged, and about every record; or it is not there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dongui.custody.gate import Decided, Inquired, decide_release
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.release_files import digest_file
from dongui.custody.released_bitmap import read_bitmap
from dongui.custody.schema import REASONS
from dongui.custody.standing import ReleaseLog
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse, Refused
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.log.keys import SignerKey
from dongui.log.proof_file import verify_proof
from dongui.storage.sqlite.log import SqliteLog
from simulators.release_tables import AT_US, Tables, expected_codes

AT = datetime(2026, 11, 22, tzinfo=UTC)
KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())
QUESTION = Question(1, 1, Artefact.IMAGE, AT_US, Use.TESTING, 7)
DAY = timedelta(days=1)


@dataclass
class Office:
    """A folder with a log, and tables exported from it."""

    folder: Path
    log: SqliteLog
    tables: Tables
    now: datetime = AT + timedelta(hours=1)

    def decide(self, out: str = "decision", *, logged: bool = True, at: datetime = AT) -> Decided:
        """Ask the gate."""
        inquired = Inquired(
            self.folder / "records.parquet",
            self.folder / "consents.parquet",
            QUESTION,
            {"purpose": "face-test"},
            at,
        )
        return decide_release(
            inquired,
            out=self.folder / out,
            engine=None,
            log=ReleaseLog(self.log, KEY.verifier) if logged else None,
            clock=FixedClock(self.now),
            entropy=SystemEntropy(),
            freshness=DAY,
        )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A log with some entries, and a snapshot that carries its checkpoint."""
    log = SqliteLog.open(tmp_path / "log.sqlite", key=KEY)
    log.append([Entry(EntryKind.CONSENT, bytes([number] * 32)) for number in range(5)])
    tables = Tables(1, records=1500, people=500)
    tables.write(tmp_path, checkpoint=log.checkpoint())
    log.append([Entry(EntryKind.CONSENT, bytes(32))])
    yield Office(tmp_path, log, tables)
    log.close()


def test_every_record_is_in_one_table_with_its_reason(office: Office) -> None:
    """Released and refused together are the records, in order; each code is the reference's."""
    decided = office.decide()
    released = pq.read_table(office.folder / "decision" / "released").to_pylist()
    refused = pq.read_table(office.folder / "decision" / "refused").to_pylist()
    codes = expected_codes(office.tables, QUESTION)
    people, numbers = office.tables.records["person"].tolist(), office.tables.records["record"].tolist()
    rows = list(zip(people, numbers, codes, strict=True))
    assert [(one["person"], one["record"]) for one in released] == [row[:2] for row in rows if not row[2]]
    assert [(one["person"], one["record"], one["reason"]) for one in refused] == [
        row for row in rows if row[2]
    ]
    expected = Counter(REASONS[code - 1] for code in codes if code)
    assert decided.counts == expected
    assert decided.records == len(codes)
    bitmap = (office.folder / "decision" / "released.roaring").read_bytes()
    assert list(read_bitmap(bitmap, records=len(codes))) == [
        place for place, row in enumerate(rows) if not row[2]
    ]


def test_a_release_is_in_the_log_and_names_its_files(office: Office) -> None:
    """The proof in the folder leads from manifest to log; the manifest to every byte of the tables."""
    decided = office.decide()
    assert decided.index == 6
    manifest = (decided.path / "manifest.json").read_bytes()
    proved = verify_proof((decided.path / "log.proof").read_bytes(), origin=KEY.name, key=KEY.verifier)
    content = json.loads(manifest)
    assert proved.entry == Entry(
        EntryKind.RELEASE, commitment(manifest, blind=bytes.fromhex(content["blind"]))
    )
    named = {entry["path"]: entry["sha256"] for entry in content["files"]}
    found = {str(path.relative_to(decided.path)) for path in decided.path.rglob("*") if path.is_file()}
    assert found == named.keys() | {"manifest.json", "log.proof", "croissant.json"}
    assert all(digest_file(decided.path / name) == digest for name, digest in named.items())
    assert not list(office.folder.glob(".*"))


@pytest.mark.parametrize(
    ("change", "against"),
    [
        ({"logged": False}, ["no-log"]),
        ({"at": AT - timedelta(seconds=1)}, ["before-snapshot"]),
        ({"at": AT + timedelta(hours=2)}, ["after-now"]),
    ],
)
def test_what_cannot_be_released_is_a_simulation(
    office: Office, change: dict[str, datetime], against: list[str]
) -> None:
    """It is decided, says why it is none, has no manifest, and the log knows nothing of it."""
    before = office.log.checkpoint().size
    decided = office.decide(**change)  # type: ignore[arg-type]
    assert decided.is_simulation
    assert decided.manifest["against"] == against
    assert not (decided.path / "manifest.json").exists()
    assert office.log.checkpoint().size == before


def test_an_old_snapshot_makes_a_simulation(office: Office) -> None:
    """A day and a second after its making, a snapshot releases nothing."""
    office.now = AT + DAY
    assert not office.decide("in-time").is_simulation
    office.now = AT + DAY + timedelta(seconds=1)
    assert office.decide("too-late").manifest["against"] == ["snapshot-old"]


def test_a_snapshot_of_another_log_is_refused(office: Office, tmp_path: Path) -> None:
    """Its checkpoint must be of this log's own past: a log that went another way is not the one it saw."""
    (tmp_path / "other").mkdir()
    with SqliteLog.open(tmp_path / "other" / "log.sqlite", key=KEY) as other:
        other.append([Entry(EntryKind.CONSENT, bytes([9] * 32)) for _ in range(5)])
        office.tables.write(office.folder, checkpoint=other.checkpoint())
    with pytest.raises(Refused, match="consistency-proof-invalid"):
        office.decide()


def test_a_decision_is_never_written_over(office: Office) -> None:
    """What stands at its place, even an empty folder, is left alone."""
    office.decide()
    with pytest.raises(Misuse, match=r"release\.exists"):
        office.decide()
    (office.folder / "empty").mkdir()
    with pytest.raises(Misuse, match=r"release\.exists"):
        office.decide("empty")
