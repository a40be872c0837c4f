"""After a withdrawal a finished release has fewer records; its manifest is what it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyroaring import BitMap

from dongui.custody.corrections import JOURNAL, Correction, open_corrections, read_corrections
from dongui.custody.gate import Inquired, decide_release
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.record_columns import open_table
from dongui.custody.record_index import RecordIndex
from dongui.custody.release_files import dump
from dongui.custody.release_opening import VerifiedRelease, effective_released, read_release, require_files
from dongui.custody.schema import Layout
from dongui.custody.standing import ReleaseLog
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from dongui.log.entry import EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.release_tables import AT_US, Tables

AT = datetime(2026, 11, 22, tzinfo=UTC)
KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())
ENTROPY = SystemEntropy()


@dataclass
class Handed:
    """A release and its log."""

    path: Path
    log: SqliteLog
    tables: Tables

    @property
    def release_log(self) -> ReleaseLog:
        """The log with its key."""
        return ReleaseLog(self.log, KEY.verifier)

    def read(self) -> VerifiedRelease:
        """Read the release."""
        return read_release(self.path, key=KEY.verifier)

    def take_out(self, *corrections: Correction) -> None:
        """Make corrections."""
        with open_corrections(self.path, self.read().id, log=self.release_log, entropy=ENTROPY) as journal:
            for correction in corrections:
                journal.take_out(correction)

    def kinds(self) -> list[EntryKind]:
        """Every entry's kind."""
        return [self.log.entry(index).kind for index in range(self.log.checkpoint().size)]


@pytest.fixture
def handed(tmp_path: Path) -> Iterator[Handed]:
    """A logged release of 1,000 records."""
    log = SqliteLog.open(tmp_path / "log.sqlite", key=KEY)
    tables = Tables(2, records=1000, people=300)
    records, consents = tables.write(tmp_path, checkpoint=log.checkpoint())
    question = Question(1, 1, Artefact.IMAGE, AT_US, Use.TESTING, 7)
    decide_release(
        Inquired(records, consents, question, {}, AT),
        out=tmp_path / "decision",
        engine=None,
        log=ReleaseLog(log, KEY.verifier),
        clock=FixedClock(AT),
        entropy=ENTROPY,
        freshness=timedelta(days=1),
    )
    yield Handed(tmp_path / "decision", log, tables)
    log.close()


def test_one_persons_records_go_and_the_manifest_stays(handed: Handed, tmp_path: Path) -> None:
    """Taking out the positions the index finds takes out that person's records, no others; logged."""
    before = effective_released(handed.read())
    manifest = (handed.path / "manifest.json").read_bytes()
    people = handed.tables.records["person"].tolist()
    person = people[next(iter(before))]
    found = RecordIndex(open_table(tmp_path / "records.parquet", "records")).find(person)
    handed.take_out(Correction(found.first, len(found.records), 0))
    gone = BitMap(place for place, one in enumerate(people) if one == person)
    assert effective_released(handed.read()) == before - gone
    assert len(before & gone) > 0
    assert (handed.path / "manifest.json").read_bytes() == manifest
    assert handed.kinds() == [EntryKind.RELEASE, EntryKind.CORRECTION]
    require_files(handed.read())


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("group_rows", [1, 7, 100, 5000])
def test_everybody_is_found_where_they_are(tmp_path: Path, layout: Layout, group_rows: int) -> None:
    """For each person, and for one who is not there: exactly their records, wherever row groups cut them."""
    tables = Tables(5, records=120, people=60, layout=layout)
    records, _ = tables.write(tmp_path, group_rows=group_rows)
    index = RecordIndex(open_table(records, "records"))
    people = tables.records["person"]
    for person in {*people.tolist(), *tables.consents["person"].tolist()}:
        places = [place for place, one in enumerate(people.tolist()) if one == person]
        found = index.find(person)
        assert found.records.tolist() == tables.records["record"][places].tolist()
        assert not places or found.first == places[0]


def test_later_withdrawals_go_too(handed: Handed) -> None:
    """What the ledger knows beyond the journal is taken out as well."""
    before = effective_released(handed.read())
    handed.take_out(Correction(0, 400, 0))
    now = effective_released(handed.read(), [Correction(500, 500, 1)])
    assert now == before & BitMap(range(400, 500))
    assert len(now) > 0


def test_a_line_without_its_entry_gets_it(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped between disk and log, the correction holds; the entry is made at the next opening, once."""

    def fail(_entries: object) -> range:
        raise Trouble("log.full", "stopped here")

    with monkeypatch.context() as patch:
        patch.setattr(handed.log, "append", fail)
        with pytest.raises(Trouble):
            handed.take_out(Correction(0, 400, 0))
    assert handed.kinds() == [EntryKind.RELEASE]
    assert min(effective_released(handed.read())) >= 400
    handed.take_out()
    handed.take_out()
    assert handed.kinds() == [EntryKind.RELEASE, EntryKind.CORRECTION]


def test_a_torn_line_was_never_made(handed: Handed) -> None:
    """Cut at any byte, the journal holds the lines before the cut, and takes the next one cleanly."""
    handed.take_out(Correction(0, 10, 0), Correction(10, 10, 0))
    whole = (handed.path / JOURNAL).read_bytes()
    first = whole.index(b"\n") + 1
    for length in (*range(first, first + 12), len(whole) - 1):
        (handed.path / JOURNAL).write_bytes(whole[:length])
        assert read_corrections(handed.path, handed.read().id) == [Correction(0, 10, 0)]
        handed.take_out(Correction(20, 5, 0))
        assert read_corrections(handed.path, handed.read().id)[1:] == [Correction(20, 5, 0)]


def test_a_changed_journal_is_refused(handed: Handed) -> None:
    """No line can be changed, dropped from the front or middle, or brought from another release."""
    handed.take_out(*(Correction(10 * at, 10, at) for at in range(3)))
    whole = (handed.path / JOURNAL).read_bytes()
    lines = whole.splitlines(keepends=True)
    changed = [bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]]) for at in range(0, len(whole) - 1, 7)]
    for data in (*changed, lines[0] + lines[2], lines[1] + lines[2], lines[1] + lines[0]):
        if data.count(b"\n") < 3 and data[:-1].count(b"\n") < 1:
            continue
        (handed.path / JOURNAL).write_bytes(data)
        with pytest.raises(Refused, match="journal-damaged"):
            read_corrections(handed.path, handed.read().id)
    (handed.path / JOURNAL).write_bytes(whole)
    with pytest.raises(Refused, match="journal-damaged"):
        read_corrections(handed.path, bytes(16))


def test_two_cannot_correct_at_once(handed: Handed) -> None:
    """The second is told; nothing is lost."""
    release = handed.read().id
    with (
        open_corrections(handed.path, release, log=handed.release_log, entropy=ENTROPY),
        pytest.raises(Misuse, match=r"release\.busy"),
        open_corrections(handed.path, release, log=handed.release_log, entropy=ENTROPY),
    ):
        pass


def edited(name: str, value: object) -> Callable[[Path], None]:
    """Change one field of the manifest, written as ever."""

    def change(path: Path) -> None:
        content = json.loads((path / "manifest.json").read_bytes())
        content[name] = value
        (path / "manifest.json").write_bytes(dump(content))

    return change


def opened(handed: Handed) -> BitMap:
    """Open as a recipient does."""
    release = handed.read()
    require_files(release)
    return effective_released(release)


def _simulate(path: Path) -> None:
    (path / "manifest.json").rename(path / "simulation.json")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (_simulate, "release.simulation"),
        (lambda path: (path / "log.proof").unlink(), "release.not-a-release"),
        (lambda path: (path / "manifest.json").unlink(), "release.not-a-release"),
        (edited("counts", {}), "release.not-in-log"),
        (edited("blind", "00" * 32), "release.not-in-log"),
        (edited("blind", "00"), "release.manifest-malformed"),
        (edited("more", 1), "release.manifest-malformed"),
        (edited("format", 2), "release.manifest-malformed"),
        (lambda path: (path / "manifest.json").write_bytes(b"{"), "release.manifest-malformed"),
        (lambda path: (path / "released/00000.parquet").write_bytes(b"x"), "release.file-differs"),
        (lambda path: (path / "refused/00000.parquet").unlink(), "release.file-differs"),
        (lambda path: (path / "released/00001.parquet").write_bytes(b"x"), "release.file-differs"),
        (lambda path: (path / "released.roaring").write_bytes(b"x"), "release.file-differs"),
    ],
)
def test_what_is_not_the_logged_release_is_not_opened(
    handed: Handed, change: Callable[[Path], None], name: str
) -> None:
    """Each change of a finished folder is noticed by name."""
    change(handed.path)
    with pytest.raises(DonguiError) as caught:
        opened(handed)
    assert caught.value.name == name


def test_a_copied_release_is_the_release(handed: Handed, tmp_path: Path) -> None:
    """What is checked is content alone: a copy elsewhere opens."""
    shutil.copytree(handed.path, tmp_path / "copy")
    assert read_release(tmp_path / "copy", key=KEY.verifier).id == handed.read().id
