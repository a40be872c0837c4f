"""Pieces are written in their order, in a thread that ends with them, and no failure of one is lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dongui.storage.vault_writer import PieceWriter, start_writing_out, write_all

LARGE, SMALL = 1 << 20, 100


def piece(number: int, size: int) -> memoryview:
    return memoryview(bytes([number]) * size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_pieces_are_written_in_their_order_and_the_thread_ends(tmp_path: Path, size: int) -> None:
    """What was handed over is in the file once it is settled, and nothing runs on."""
    before = threading.active_count()
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    writer = PieceWriter()
    for number in range(5):
        place = number * size

        def write(data: memoryview, place: int = place) -> None:
            write_all(descriptor, data, place)
            start_writing_out(descriptor, place, len(data))

        writer.write(piece(number, size), write)
    writer.settle()
    os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == b"".join(piece(number, size) for number in range(5))
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_what_a_write_raises_is_raised_before_anything_follows(size: int) -> None:
    """Whatever kind of exception it is: a piece that was not written is never taken for written."""
    before = threading.active_count()
    written: list[int] = []

    def fail(_: memoryview) -> None:
        raise MemoryError

    writer = PieceWriter()
    with pytest.raises(MemoryError):
        write_each(writer, size, (fail, lambda data: written.append(data[0])))
    assert not written
    writer.settle()
    with pytest.raises(MemoryError):
        write_each(writer, size, (fail,))
    assert threading.active_count() == before


def write_each(writer: PieceWriter, size: int, writes: Sequence[Callable[[memoryview], None]]) -> None:
    for write in writes:
        writer.write(piece(9, size), write)
    writer.settle()


def test_what_is_abandoned_is_written_no_more_afterwards() -> None:
    """Whoever cuts a file off can be sure that no piece is written behind the cut."""
    before = threading.active_count()
    written: list[int] = []
    writer = PieceWriter()
    writer.write(piece(1, LARGE), lambda data: written.append(data[0]))
    writer.abandon()
    assert written == [1]
    assert threading.active_count() == before
    writer.abandon()
