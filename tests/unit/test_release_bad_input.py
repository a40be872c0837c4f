"""Bad tables, a full disk, two gates at once: each named, nothing at the decision's place, nothing lost."""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dongui.custody import part_worker
from dongui.custody.decision import write_part
from dongui.custody.gate import Decided, Inquired, decide_release
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.release_files import open_draft
from dongui.custody.schema import Layout
from dongui.custody.standing import ReleaseLog
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse, Trouble
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.release_tables import AT_US, Tables, rewrite

AT = datetime(2026, 11, 22, tzinfo=UTC)
QUESTION = Question(1, 1, Artefact.IMAGE, AT_US, Use.TESTING, 7)
KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())
Change = Callable[[Path, Path], None]


def decide(
    folder: Path, *, log: SqliteLog | None = None, out: str = "decision", processes: int = 1
) -> Decided:
    """Decide over the folder's tables."""
    return decide_release(
        Inquired(folder / "records.parquet", folder / "consents.parquet", QUESTION, {}, AT),
        out=folder / out,
        engine=None,
        log=None if log is None else ReleaseLog(log, KEY.verifier),
        clock=FixedClock(AT),
        entropy=SystemEntropy(),
        freshness=timedelta(days=1),
        processes=processes,
    )


def on(which: int, change: Callable[[pa.Table], pa.Table]) -> Change:
    """Change the records (0) or the consents (1)."""
    return lambda *paths: rewrite(paths[which], change)


def reordered(table: pa.Table) -> pa.Table:
    """Exchange two rows of different people."""
    rows = np.arange(len(table))
    rows[[3, len(table) - 3]] = rows[[len(table) - 3, 3]]
    return table.take(rows)


def doubled(table: pa.Table) -> pa.Table:
    """Let one row stand twice."""
    return table.take(np.sort([*range(len(table)), 7]))


def with_null(table: pa.Table) -> pa.Table:
    """Lose one value."""
    values = table.column("person").to_pylist()
    values[5] = None
    field = pa.field("person", table.schema.field("person").type)
    return table.set_column(table.schema.get_field_index("person"), field, pa.array(values, field.type))


def cut(which: int, keep: float) -> Change:
    """Lose the end of a file."""

    def change(*paths: Path) -> None:
        data = paths[which].read_bytes()
        paths[which].write_bytes(data[: int(keep * len(data))])

    return change


def holed(which: int) -> Change:
    """Overwrite the first column's bytes; the end of the file stays."""

    def change(*paths: Path) -> None:
        data = bytearray(paths[which].read_bytes())
        data[4:600] = b"\xff" * 596
        paths[which].write_bytes(data)

    return change


def with_value(name: str, value: int) -> Callable[[pa.Table], pa.Table]:
    """Put one number where it has no meaning."""

    def change(table: pa.Table) -> pa.Table:
        values = table.column(name).to_pylist()
        values[4] = value
        field = table.schema.field(name)
        return table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))

    return change


def last_person(table: pa.Table) -> pa.Table:
    """Speak of a person beyond those the snapshot says it knows."""
    values = table.column("person").to_pylist()
    values[-1] = 4_000_000_000
    field = table.schema.field("person")
    return table.set_column(0, field, pa.array(values, field.type))


def exchanged(records: Path, consents: Path) -> None:
    """Give one table for the other."""
    data = records.read_bytes()
    records.write_bytes(consents.read_bytes())
    consents.write_bytes(data)


def other_layout(records: Path, _consents: Path) -> None:
    """Records by UUID, consents by number."""
    passing = records.parent / "other"
    passing.mkdir()
    Tables(1, records=10, people=5, layout=Layout.GENERAL).write(passing)
    (passing / "records.parquet").rename(records)


def as_folder(records: Path, _consents: Path) -> None:
    """A folder of the file's name."""
    records.unlink()
    records.mkdir()


BAD: dict[str, tuple[Change, str]] = {
    "unsorted records": (on(0, reordered), "snapshot.unsorted"),
    "unsorted consents": (on(1, reordered), "snapshot.unsorted"),
    "a record twice": (on(0, doubled), "snapshot.duplicate"),
    "a consent twice": (on(1, doubled), "snapshot.unsorted"),
    "a record without person": (on(0, with_null), "snapshot.null"),
    "a consent without person": (on(1, with_null), "snapshot.null"),
    "missing column": (on(0, lambda table: table.drop_columns(["traits"])), "snapshot.missing-column"),
    "extra column": (
        on(0, lambda table: table.append_column("more", table.column("traits"))),
        "snapshot.extra-column",
    ),
    "other type": (
        on(0, lambda table: table.set_column(2, "traits", table.column("traits").cast(pa.int32()))),
        "snapshot.wrong-type",
    ),
    "extra column in consents": (
        on(1, lambda table: table.append_column("more", table.column("state"))),
        "snapshot.extra-column",
    ),
    "records cut": (cut(0, 0.6), "snapshot.truncated"),
    "consents cut": (cut(1, 0.6), "snapshot.truncated"),
    "records empty": (cut(0, 0), "snapshot.truncated"),
    "records holed": (holed(0), "snapshot.truncated"),
    "unknown trait": (on(0, with_value("traits", 200)), "snapshot.unknown-value"),
    "unknown state": (on(1, with_value("state", 99)), "snapshot.unknown-value"),
    "unknown artefact": (on(1, with_value("artefact", 0)), "snapshot.unknown-value"),
    "a person nobody knows": (on(1, last_person), "snapshot.unknown-person"),
    "one for the other": (exchanged, "snapshot.other-format"),
    "two layouts": (other_layout, "snapshot.other-layout"),
    "no records": (lambda records, _: records.unlink(), "file.not-found"),
    "a folder": (as_folder, "file.is-directory"),
}


@pytest.mark.parametrize("case", BAD)
def test_each_bad_table_has_its_name(tmp_path: Path, case: str) -> None:
    """It is refused whole: nothing stands at the decision's place."""
    change, name = BAD[case]
    paths = Tables(4, records=800, people=300).write(tmp_path)
    change(*paths)
    with pytest.raises(Misuse) as caught:
        decide(tmp_path)
    assert caught.value.name == name
    assert not (tmp_path / "decision").exists()


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """What a full disk does: no file grows beyond ``size`` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 100, 1000, 1500, 2500])
def test_a_full_disk_is_named_and_what_is_finished_is_kept(tmp_path: Path, size: int) -> None:
    """Whichever file does not fit, nothing is at the decision's place; with room, the command finishes."""
    Tables(4, records=800, people=300).write(tmp_path)
    with file_size_limit(size), pytest.raises(Trouble, match=r"release\.no-room"):
        decide(tmp_path)
    assert not (tmp_path / "decision").exists()
    assert decide(tmp_path).records == 800


def test_two_gates_at_once(tmp_path: Path) -> None:
    """The second is told; when the first is done, so is the decision."""
    Tables(4, records=800, people=300).write(tmp_path)
    with open_draft(tmp_path / "decision"), pytest.raises(Misuse, match=r"release\.busy"):
        decide(tmp_path)
    assert decide(tmp_path).records == 800
    with pytest.raises(Misuse, match=r"release\.exists"):
        decide(tmp_path)


def test_finished_parts_are_not_decided_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted in the third part, the next run takes up the first two, unless they are no longer whole."""
    monkeypatch.setattr("dongui.custody.decision._LEAST_PART_ROWS", 100)
    Tables(4, records=800, people=300).write(tmp_path, group_rows=100)
    decided: list[int] = []
    real = write_part

    def stopping(folder: Path, part: int, *more: Any) -> object:
        if part == 2 and len(decided) == 2:
            raise Trouble("release.worker-ended", "stopped here")
        decided.append(part)
        return real(folder, part, *more)

    monkeypatch.setattr(part_worker, "write_part", stopping)
    with pytest.raises(Trouble):
        decide(tmp_path)
    (tmp_path / ".decision.draft" / "released" / "00001.parquet").write_bytes(b"damaged")
    finished = decide(tmp_path)
    assert (finished.parts, finished.resumed_parts) == (8, 1)
    assert decided == [0, 1, 1, 2, 3, 4, 5, 6, 7]
    whole = decide(tmp_path, out="again")
    for kind in ("released", "refused"):
        tables = [pq.read_table(one.path / kind) for one in (finished, whole)]
        assert tables[0].equals(tables[1])
    assert (finished.path / "released.roaring").read_bytes() == (whole.path / "released.roaring").read_bytes()


def test_notes_that_a_power_cut_spoilt_are_no_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torn note, one of another task and one of another cut are passed over; so is a torn task."""
    monkeypatch.setattr("dongui.custody.decision._LEAST_PART_ROWS", 100)
    Tables(4, records=800, people=300).write(tmp_path, group_rows=100)

    def stop(*_: object) -> None:
        raise Trouble("release.not-written", "stopped here")

    for spoilt, resumed in ((1, 6), (2, 7), (3, 6), (0, 8), (4, 0)):
        with monkeypatch.context() as patch:
            patch.setattr("dongui.custody.release_files.Draft.publish", stop)
            with pytest.raises(Trouble):
                decide(tmp_path, out=f"{spoilt}")
        draft = tmp_path / f".{spoilt}.draft"
        notes = [draft / "parts" / f"0000{part}.json" for part in range(3)]
        text = notes[0].read_text()
        if spoilt == 1:
            notes[1].write_bytes(b"")
            notes[2].write_text(text[:100])
        elif spoilt == 2:
            notes[0].write_text(text.replace(json.loads(text)["task"], "00" * 32))
        elif spoilt == 3:
            notes[1].write_text(text)
            notes[2].write_text(text.replace('"rows": 100', '"rows": 99'))
        elif spoilt == 4:
            (draft / "task.json").write_bytes(b"{")
        finished = decide(tmp_path, out=f"{spoilt}")
        assert (finished.parts, finished.resumed_parts) == (8, resumed)
        assert finished.counts == decide(tmp_path, out=f"whole-{spoilt}").counts


def test_several_processes_decide_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two working processes write what one writes, byte for byte; a bad table is named from within one."""
    monkeypatch.setattr("dongui.custody.decision._LEAST_PART_ROWS", 100)
    monkeypatch.setattr("dongui.custody.part_worker._LEAST_SHARED_ROWS", 0)
    records, _ = Tables(4, records=800, people=300).write(tmp_path, group_rows=100)
    one, two = decide(tmp_path, out="one"), decide(tmp_path, out="two", processes=2)
    assert one.manifest["files"] == two.manifest["files"]
    assert one.counts == two.counts
    rewrite(records, with_value("traits", 200))
    with pytest.raises(Misuse, match=r"snapshot\.unknown-value"):
        decide(tmp_path, out="bad", processes=2)


def test_another_question_does_not_touch_what_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft in the log is finished by its own command alone; one that is not in the log makes room."""
    with SqliteLog.open(tmp_path / "log.sqlite", key=KEY) as log:
        Tables(4, records=800, people=300).write(tmp_path, checkpoint=log.checkpoint())

        def stop(*_: object) -> None:
            raise Trouble("release.not-written", "stopped here")

        with monkeypatch.context() as patch:
            patch.setattr("dongui.custody.release_files.Draft.publish", stop)
            with pytest.raises(Trouble):
                decide(tmp_path, log=log)
        before = log.checkpoint().size
        good = (tmp_path / "records.parquet").read_bytes()
        Tables(5, records=700, people=300).write(tmp_path, checkpoint=log.checkpoint())
        for changed in (log, None):
            with pytest.raises(Misuse, match=r"release\.draft-logged"):
                decide(tmp_path, log=changed)
        (tmp_path / "records.parquet").write_bytes(good)
        assert log.checkpoint().size == before
