"""A decision in parts: what engines are, what a part is, and how a part's two files are written.

A part is a run of whole row groups of the records. Parts are decided apart, in any order and in
several processes; their files laid end to end are the decision's two sorted tables. So an interrupted
decision resumes with the parts it has, and memory does not grow with the tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dongui.custody.merge_engine import ConsentCursor, decide_records
from dongui.custody.question import Question
from dongui.custody.record_columns import Codes, IdColumn, Table, ids, require_record_order
from dongui.custody.release_files import FileEntry, describe_file, naming_disk, synchronise
from dongui.custody.schema import COLUMNS, REASONS, RELEASED, Layout, Metadata
from dongui.custody.tables import arrow_schema
from dongui.errors import Trouble

__all__ = [
    "KINDS",
    "Block",
    "Engine",
    "Part",
    "PartResult",
    "Task",
    "adopt_part",
    "merge_blocks",
    "pair_text",
    "plan_parts",
    "reasons_json",
    "require_next",
    "write_part",
    "write_parts",
]

KINDS = ("released", "refused", "bits")
"""The folders of a draft that hold a file for each part."""

_LEAST_PART_ROWS = 1 << 20
_GROUP_ROWS = 1 << 19
_MOST_PARTS = 16
_DECIDED_COLUMNS = tuple(COLUMNS["records"])


@dataclass(frozen=True, slots=True)
class Task:
    """Two tables and a question about them."""

    records: Table
    consents: Table
    question: Question


@dataclass(frozen=True, slots=True)
class Part:
    """Row groups ``groups`` of the records; the first of their ``rows`` records is number ``begin``."""

    number: int
    begin: int
    rows: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Some successive records with their codes; 0 is released, else a place in ``REASONS`` from 1."""

    person: IdColumn
    record: IdColumn
    code: Codes


class Engine(Protocol):
    """Decides records. All engines give the same codes; tests hold each against ``schema.decide``."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""

    @property
    def version(self) -> str:
        """Its version, as the manifest names it."""

    def blocks(self, task: Task) -> Iterator[Block]:
        """Yield every record once, in the order of (person, record), in blocks of any size but none empty.

        Raises ``Misuse``: ``release.*`` for tables that are not what they should be.
        """


@dataclass(frozen=True, slots=True)
class PartResult:
    """A part that was decided and is on disk.

    ``counts[code]`` records have each code. The file ``bits`` has one bit a record, least significant first,
    1 where it is released. ``first`` and ``last`` are its outer (person, record) pairs, in hexadecimal.
    """

    part: int
    counts: tuple[int, ...]
    released: FileEntry
    refused: FileEntry
    first: str
    last: str
    bits: FileEntry

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PartResult:
        """Read what ``dataclasses.asdict`` gives."""
        files = {name: FileEntry(**value[name]) for name in ("released", "refused", "bits")}
        return cls(value["part"], tuple(value["counts"]), first=value["first"], last=value["last"], **files)


def plan_parts(records: Table) -> list[Part]:
    """Cut the records into at most 16 parts of at least a million rows, at the ends of row groups."""
    least = max(_LEAST_PART_ROWS, -(-records.rows // _MOST_PARTS))
    parts: list[Part] = []
    groups: list[int] = []
    begin = rows = 0
    for group, size in enumerate(records.groups):
        groups.append(group)
        rows += size
        if rows >= least or group == len(records.groups) - 1:
            parts.append(Part(len(parts), begin, rows, tuple(groups)))
            begin, rows, groups = begin + rows, 0, []
    return parts


def merge_blocks(task: Task, part: Part) -> Iterator[Block]:
    """Decide one part by merging. Raises as ``ConsentCursor.codes`` and ``require_record_order``."""
    cursor: ConsentCursor | None = None
    last: Block | None = None
    for batch in task.records.blocks(part.groups, _DECIDED_COLUMNS):
        if not len(batch):
            continue
        person, record = ids(batch, "person"), ids(batch, "record")
        require_record_order(person, record, task.records.path)
        if last is not None:
            require_next(last, person, record, task.records.path)
        cursor = cursor or ConsentCursor(task.consents, task.question, first=person[0])
        code = decide_records(batch, cursor.codes(person), task.question)
        last = Block(person, record, code)
        yield last


def require_next(before: Block, person: IdColumn, record: IdColumn, path: Path) -> None:
    """Check the order from one block to the next. Raises as ``require_record_order``."""
    people = np.array([before.person[-1], person[0]], dtype=person.dtype)
    records = np.array([before.record[-1], record[0]], dtype=record.dtype)
    require_record_order(people, records, path)


def write_part(folder: Path, part: int, blocks: Iterable[Block], layout: Layout) -> PartResult:
    """Write a part's files durably under a passing name and return what is in them.

    ``folder`` holds the folders of :data:`KINDS`. Whoever keeps the books renames the files
    (:func:`adopt_part`). Raises as ``blocks`` and as :func:`~dongui.custody.release_files.naming_disk`.
    """
    released, refused, bits = (folder / _passing(kind, part) for kind in KINDS)
    with naming_disk(folder):
        with (
            open_writer(released, "released", layout) as yes,
            open_writer(refused, "refused", layout) as no,
        ):
            tally = _write_blocks(yes, no, blocks)
        bits.write_bytes(tally.packed())
        rows = (tally.counts[RELEASED], tally.counts[1:].sum(), tally.counts.sum())
        files = []
        for kind, count in zip(KINDS, rows, strict=True):
            if kind != "bits":  # Lost in a power cut, they are missed, and the part decided again.
                synchronise(folder / _passing(kind, part))
            files.append(describe_file(folder, _passing(kind, part), rows=int(count)))
    counts = tuple(map(int, tally.counts))
    return PartResult(part, counts, files[0], files[1], tally.first, tally.last, files[2])


def write_parts(
    blocks: Iterator[Block], task: Task, parts: Sequence[Part], folder: Path, progress: Callable[[int], None]
) -> Iterator[PartResult]:
    """Cut an engine's blocks into ``parts`` and write those; the records of others are passed over.

    Raises ``Trouble`` (``release.worker-ended``) if the engine has fewer records than the table; otherwise as
    :func:`write_part`.
    """
    feed = _Feed(blocks)
    for part in parts:
        for _ in feed.take(part.begin - feed.position):
            pass
        yield write_part(folder, part.number, _told(feed.take(part.rows), progress), task.records.layout)


def _told(blocks: Iterable[Block], progress: Callable[[int], None]) -> Iterator[Block]:
    for block in blocks:
        yield block
        progress(len(block.code))


class _Feed:
    """Blocks of an engine's sizes, handed out in ours."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self.position = 0
        self._blocks = blocks
        self._rest: Block | None = None

    def take(self, rows: int) -> Iterator[Block]:
        end = self.position + rows
        while self.position < end:
            block = self._rest or next(self._blocks, None)
            if block is None:
                raise Trouble("release.worker-ended", f"the engine decided {self.position} records, not more")
            taken, self._rest = _split(block, end - self.position)
            self.position += len(taken.code)
            yield taken


def _split(block: Block, rows: int) -> tuple[Block, Block | None]:
    if len(block.code) <= rows:
        return block, None
    person, record, code = block.person, block.record, block.code
    return Block(person[:rows], record[:rows], code[:rows]), Block(person[rows:], record[rows:], code[rows:])


def adopt_part(folder: Path, result: PartResult) -> PartResult:
    """Give a part's files their own names; return the result that names them so."""
    entries = []
    with naming_disk(folder):
        for kind, entry in zip(KINDS, (result.released, result.refused, result.bits), strict=True):
            name = f"{kind}/{result.part:05d}.{'parquet' if kind != 'bits' else 'bits'}"
            # Until the gate has synchronised the folder a power cut may take the name back: the part is then
            # missed, and decided again.
            (folder / entry.path).rename(folder / name)
            entries.append(replace(entry, path=name))
    return replace(result, released=entries[0], refused=entries[1], bits=entries[2])


def _passing(kind: str, part: int) -> str:
    return f"{kind}/.{part:05d}.passing"


@dataclass
class _Tally:
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(REASONS) + 1, dtype=np.int64))
    bits: list[NDArray[np.bool_]] = field(default_factory=list)
    first: str = ""
    last: str = ""

    def packed(self) -> bytes:
        return np.packbits(np.concatenate(self.bits), bitorder="little").tobytes() if self.bits else b""


def _write_blocks(yes: pq.ParquetWriter, no: pq.ParquetWriter, blocks: Iterable[Block]) -> _Tally:
    tally, released_rows, refused_rows = _Tally(), _Rows(yes), _Rows(no)
    for block in blocks:
        released = block.code == RELEASED
        tally.bits.append(released)
        tally.first = tally.first or pair_text(block.person[0], block.record[0])
        tally.last = pair_text(block.person[-1], block.record[-1])
        chosen = pa.array(released)
        released_rows.add(block, chosen)
        reasons = refused_rows.add(block, pc.invert(chosen))
        # Counting widens each number to eight bytes: those of the smaller table alone.
        tally.counts += np.bincount(reasons, minlength=len(REASONS) + 1)
        tally.counts[RELEASED] += len(block.code) - len(reasons)
    released_rows.flush()
    refused_rows.flush()
    return tally


def pair_text(person: np.generic, record: np.generic) -> str:
    """Return the ids as text that sorts as they do: hexadecimal of fixed length."""
    return "-".join(
        f"{int(one):08x}" if isinstance(one, np.uint32) else one.tobytes().ljust(16, b"\0").hex()
        for one in (person, record)
    )


class _Rows:
    """Gathers a table's rows into row groups of some size."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, block: Block, chosen: pa.BooleanArray) -> Codes:
        """Add the chosen rows; return their reasons, where the table has them."""
        values: Mapping[str, NDArray[Any]]
        values = {"person": block.person, "record": block.record, "reason": block.code}
        schema = self._writer.schema
        arrays = [_arrow(values[field_.name], field_.type) for field_ in schema]
        # Arrow chooses rows in less than half the time that numpy takes.
        rows = pa.RecordBatch.from_arrays(arrays, schema=schema).filter(chosen)
        if len(rows):
            self._held.append(rows)
            self._rows += len(rows)
        if self._rows >= _GROUP_ROWS:
            self.flush()
        found: Codes = rows.column("reason").to_numpy() if "reason" in rows.schema.names else block.code[:0]
        return found

    def flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._held)
            self._held, self._rows = [], 0
            self._writer.write_table(table, row_group_size=len(table))


def _arrow(values: NDArray[np.generic], kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def open_writer(path: Path, kind: str, layout: Layout) -> pq.ParquetWriter:
    """Begin a table of ``kind`` ("released", "refused")."""
    schema = arrow_schema(kind, layout)
    if kind == "refused":
        metadata = {**(schema.metadata or {}), Metadata.REASONS: reasons_json()}
        schema = schema.with_metadata(metadata)
    # Numbers that rise by little take a few bits each as differences, and are written faster than whole;
    # a codec on top of them costs time and saves nothing. UUIDs have no differences worth the name.
    numbers = [field_.name for field_ in schema if pa.types.is_integer(field_.type)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="none",
        use_dictionary=False,
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        write_statistics=["person"],
    )


def reasons_json() -> str:
    """Return the object that stands in a refused table's metadata: code to name."""
    return json.dumps({str(code): name for code, name in enumerate(REASONS, 1)})
