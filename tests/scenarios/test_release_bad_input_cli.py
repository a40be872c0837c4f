"""What a gate is given wrongly, at the command line: each named, nothing logged, nothing readable left."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dongui.consent.moments import write_moment
from dongui.environment import SystemClock
from dongui.log.entry import EntryKind
from simulators.command_line import Ended, Terminal
from simulators.withdrawal_office import LABORATORY, PURPOSE, WithdrawalOffice, name_of

PEOPLE = 12


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> WithdrawalOffice:
    """A desk with a ledger, a record index and a snapshot of it."""
    terminal = Terminal(tmp_path_factory.mktemp("office"))
    terminal.processes = False
    office = WithdrawalOffice(terminal, PEOPLE)
    office.found()
    office.done("custody", "register", *map(name_of, range(PEOPLE)))
    office.consent(range(PEOPLE), LABORATORY, "image")
    rows = [f"{name_of(one)},{one},image,\n" for one in range(PEOPLE)]
    (terminal.folder / "records.csv").write_text("person,record,traits,retained_until\n" + "".join(rows))
    office.done("custody", "index", "records.csv", "--out", "R.parquet")
    office.done("custody", "export", "--out", "C.parquet")
    return office


def decide(
    office: WithdrawalOffice, out: str, *, records: str = "R.parquet", consents: str = "C.parquet"
) -> Ended:
    return office.terminal.run(
        *("release", "decide", "--records", records, "--consents", consents, "--out", out),
        *("--purpose", PURPOSE, "--recipient", LABORATORY, "--artefact", "image", "--engine", "merge"),
        *("--pack", "PIPA_2025_10", "--at", write_moment(SystemClock().now()), "--json"),
    )


def changed(file: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    table = pq.read_table(file)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), file)


def with_null(table: pa.Table) -> pa.Table:
    values = table.column("person").to_pylist()
    values[3] = None
    return table.set_column(0, "person", pa.array(values, table.schema.field("person").type))


def of_nobody(table: pa.Table) -> pa.Table:
    values = table.column("person").to_pylist()
    values[-1] = 4_000_000_000
    return table.set_column(0, table.schema.field("person"), pa.array(values, pa.uint32()))


def cut(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


FAULTS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "unsorted records": (
        "R",
        lambda file: changed(file, lambda table: table.take(np.arange(len(table))[::-1])),
        "snapshot.unsorted",
    ),
    "a record twice": (
        "R",
        lambda file: changed(file, lambda table: table.take([0, *range(len(table))])),
        "snapshot.duplicate",
    ),
    "a record without person": ("R", lambda file: changed(file, with_null), "snapshot.null"),
    "a column short": (
        "R",
        lambda file: changed(file, lambda table: table.drop_columns(["traits"])),
        "snapshot.missing-column",
    ),
    "a column more": (
        "R",
        lambda file: changed(file, lambda table: table.append_column("more", table.column("traits"))),
        "snapshot.extra-column",
    ),
    "records cut off": ("R", cut, "snapshot.truncated"),
    "unsorted consents": (
        "C",
        lambda file: changed(file, lambda table: table.take(np.arange(len(table))[::-1])),
        "snapshot.unsorted",
    ),
    "a consent without person": ("C", lambda file: changed(file, with_null), "snapshot.null"),
    "a consent of a person who does not exist": (
        "C",
        lambda file: changed(file, of_nobody),
        "snapshot.unknown-person",
    ),
    "consents cut off": ("C", cut, "snapshot.truncated"),
}


def decisions_logged(office: WithdrawalOffice) -> int:
    with office.desk() as desk:
        size = desk.log.checkpoint().size
        return sum(desk.log.entry(index).kind is EntryKind.RELEASE for index in range(size))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_table_is_named_and_leaves_nothing(
    office: WithdrawalOffice, tmp_path: Path, fault: str
) -> None:
    """Exit code 2 and the fault's name; nothing logged, nothing at the place, and the same place is free."""
    which, spoil, name = FAULTS[fault]
    file = Path(shutil.copy(office.terminal.folder / f"{which}.parquet", tmp_path / "bad.parquet"))
    spoil(file)
    before, out = decisions_logged(office), str(tmp_path / "decided")
    tables = {"records": str(file)} if which == "R" else {"consents": str(file)}
    ended = decide(office, out, **tables)
    assert (ended.code, ended.failure) == (2, name)
    assert not (tmp_path / "decided").exists()
    assert decisions_logged(office) == before
    good = decide(office, out)
    assert good.result["released"] == PEOPLE, good.out


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


def test_a_full_disk_is_named_and_the_same_command_goes_on(office: WithdrawalOffice, tmp_path: Path) -> None:
    """Trouble by its name while there is no room; nothing logged; with room the decision is made, once."""
    # Ids that do not compress: the decision's tables need more room than the log's own files.
    rows = [f"{name_of(one % PEOPLE)},{os.urandom(16).hex()},image,\n" for one in range(6_000)]
    (tmp_path / "many.csv").write_text("person,record,traits,retained_until\n" + "".join(rows))
    tables = {"records": str(tmp_path / "many.parquet"), "consents": str(tmp_path / "ids.parquet")}
    general = ("--layout", "general")
    office.done("custody", "index", tmp_path / "many.csv", "--out", tables["records"], *general)
    office.done("custody", "export", "--out", tables["consents"], *general)
    before, out = decisions_logged(office), str(tmp_path / "decided")
    with file_size_limit(60_000):
        ended = decide(office, out, **tables)
    assert (ended.code, ended.failure) == (3, "release.no-room")
    assert not (tmp_path / "decided").exists()
    assert decisions_logged(office) == before
    assert decide(office, out, **tables).result["released"] == len(rows)
    assert decisions_logged(office) == before + 1


def test_of_two_gates_at_once_one_decides(office: WithdrawalOffice, tmp_path: Path) -> None:
    """Two real processes over one place: one release, one entry; the other is told why it has none."""
    before, out = decisions_logged(office), str(tmp_path / "decided")
    office.terminal.processes = True
    try:
        with ThreadPoolExecutor(2) as both:
            ended = list(both.map(lambda _: decide(office, out), range(2)))
    finally:
        office.terminal.processes = False
    assert sorted(one.code for one in ended) == [0, 2]
    assert next(one.failure for one in ended if one.code) in ("release.busy", "release.exists")
    assert decisions_logged(office) == before + 1
    assert office.done("release", "show", out, "--json").result["may_be_used"] == PEOPLE
