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
    "Merge",
    "Part",
    "PartResult",
    "Task",
    "adopt_part",
    "pair_text",
    "plan_parts",
    "reasons_json",
    "require_next",
    "write_part",
    "write_parts",
]

KINDS = ("released", "refused", "bits")
"""The folders of a draft that hold a file for each part."""

_LEAST_PART_ROWS = 1 << 21
_GROUP_ROWS = 1 << 19
_MOST_PARTS = 32
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
    """Cut the records into at most 32 parts of about one size, at the ends of row groups.

    No part but the only one has less than two million rows.
    """
    count = max(1, min(_MOST_PARTS, records.rows // _LEAST_PART_ROWS))
    parts: list[Part] = []
    groups: list[int] = []
    begin = rows = 0
    for group, size in enumerate(records.groups):
        groups.append(group)
        rows += size
        if rows >= -(-records.rows // count) or group == len(records.groups) - 1:
            parts.append(Part(len(parts), begin, rows, tuple(groups)))
            begin, rows, groups = begin + rows, 0, []
    return parts


class Merge:
    """Decides parts of a task by merging. Parts that follow one another go on in the consents where they are.

    For one thread at a time.
    """

    def __init__(self, task: Task) -> None:
        """Begin with no part."""
        self._task = task
        self._cursor: ConsentCursor | None = None
        self._end: int | None = None

    def blocks(self, part: Part) -> Iterator[Block]:
        """Yield a part's records. Raises as ``ConsentCursor.codes`` and ``require_record_order``."""
        task, last = self._task, None
        cursor = self._cursor if part.begin == self._end else None
        self._end = None
        for batch in task.records.blocks(part.groups, _DECIDED_COLUMNS):
            if not len(batch):
                continue
            person, record = ids(batch, "person"), ids(batch, "record")
            require_record_order(person, record, task.records.path)
            if last is not None:
                require_next(last, person, record, task.records.path)
            cursor = cursor or ConsentCursor(task.consents, task.question, first=person[0])
            last = Block(person, record, decide_records(batch, cursor.codes(person), task.question))
            yield last
        self._cursor, self._end = cursor, part.begin + part.rows


def require_next(before: Block, person: IdColumn, record: IdColumn, path: Path) -> None:
    """Check the order from one block to the next. Raises as ``require_record_order``."""
    last, first = (before.person[-1], before.record[-1]), (person[0], record[0])
    if not first > last:
        people = np.array([last[0], first[0]], dtype=person.dtype)
        records = np.array([last[1], first[1]], dtype=record.dtype)
        require_record_order(people, records, path)


def write_part(folder: Path, part: int, blocks: Iterable[Block], layout: Layout) -> PartResult:
    """Write a part's files under a passing name and return what is in them.

    ``folder`` holds the folders of :data:`KINDS`. Whoever keeps the books makes the files durable and renames
    them (:func:`adopt_part`), while the next part is being decided. Raises as ``blocks`` and as
    :func:`~dongui.custody.release_files.naming_disk`.
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
    """Wait until a part's files are on the disk and give them their own names; return the result that names
    them so. Raises as :func:`~dongui.custody.release_files.naming_disk`.
    """
    entries = []
    with naming_disk(folder):
        for kind, entry in zip(KINDS, (result.released, result.refused, result.bits), strict=True):
            if kind != "bits":  # Lost in a power cut, they are missed, and the part decided again.
                synchronise(folder / entry.path)
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
        released_rows.add(block, np.flatnonzero(released))
        refused_rows.add(block, np.flatnonzero(~released))
    for rows in (released_rows, refused_rows):
        rows.flush()
        tally.counts += rows.counts
    return tally


def pair_text(person: np.generic, record: np.generic) -> str:
    """Return the ids as text that sorts as they do: hexadecimal of fixed length."""
    return "-".join(
        f"{int(one):08x}" if isinstance(one, np.uint32) else one.tobytes().ljust(16, b"\0").hex()
        for one in (person, record)
    )


class _Rows:
    """Gathers a table's rows into row groups of one size, in memory that is used again for each.

    ``counts`` has how many of each code were written.
    """

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self.counts = np.zeros(len(REASONS) + 1, dtype=np.int64)
        self._writer = writer
        self._columns = {field_.name: np.empty(_GROUP_ROWS, _numpy_type(field_)) for field_ in writer.schema}
        self._rows = 0

    def add(self, block: Block, rows: NDArray[np.intp]) -> None:
        """Add the rows at the places ``rows`` of ``block``."""
        while len(rows):
            some, rows = np.split(rows, [_GROUP_ROWS - self._rows])
            end = self._rows + len(some)
            for name, column in self._columns.items():
                values: NDArray[Any] = getattr(block, _FIELDS[name])
                # "clip" writes straight to its place; the places are all within the block.
                values.take(some, out=column[self._rows : end], mode="clip")
            self._rows = end
            if end == _GROUP_ROWS:
                self.flush()

    def flush(self) -> None:
        """Write the rows gathered, if any."""
        if not self._rows:
            return
        gathered = [column[: self._rows] for column in self._columns.values()]
        arrays = map(_arrow, gathered, self._writer.schema.types)
        self._writer.write_table(pa.Table.from_arrays(list(arrays), schema=self._writer.schema), _GROUP_ROWS)
        if "reason" in self._columns:
            self.counts += _counted(gathered[-1], len(self.counts))
        else:
            self.counts[RELEASED] += self._rows
        self._rows = 0


_FIELDS = {"person": "person", "record": "record", "reason": "code"}


def _counted(codes: Codes, length: int) -> NDArray[np.int64]:
    """Count codes two at a time: to count, each number is widened to eight bytes."""
    even = codes[: len(codes) // 2 * 2].view(np.uint16)
    pairs = np.bincount(even, minlength=1 << 16).reshape(256, 256)
    counts: NDArray[np.int64] = pairs.sum(axis=0) + pairs.sum(axis=1)
    counts[codes[len(even) * 2 :]] += 1
    return counts[:length]


def _numpy_type(field_: pa.Field) -> str:
    return "S16" if pa.types.is_fixed_size_binary(field_.type) else str(field_.type)


def _arrow(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


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
