"""The process that reads one chip and ends: started by :mod:`dongui.readers.passport_chip`, not by people.

Its order comes on standard input, its frames go to standard output. What it decrypted is gone with it: parts
of files lie about in an interpreter's memory where nobody can overwrite them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.apdu import Transport
from dongui.documents.passport.chip.reading import ChipReading, read_chip
from dongui.documents.passport.packing import pack_passport
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import DonguiError
from dongui.memory import forbid_core_dumps
from dongui.readers.chip_wire import Frame, write_frame

__all__ = ["carry_out", "main"]

_MAX_ORDER_BYTES = 4_096


def main(order: BinaryIO, answers: int) -> None:
    """Carry out one order; every failure becomes a frame."""
    forbid_core_dumps()
    try:
        carry_out(json.loads(order.read(_MAX_ORDER_BYTES)), lambda *frame: write_frame(answers, *frame))
    except DonguiError as failure:
        told = {"family": failure.family, "name": failure.name, "detail": failure.detail}
        write_frame(answers, Frame.FAILURE, json.dumps(told).encode())


def carry_out(order: dict[str, str | float | None], tell: Callable[..., None]) -> None:
    """List readers, or read a passport from one. Raises as the rooms below."""
    from dongui.readers.pcsc import CardReaders

    part = order["reader"]
    with CardReaders() as readers:
        if order["what"] == "list":
            tell(Frame.READERS, json.dumps(readers.names()).encode())
            return
        chosen = readers.choose(part if isinstance(part, str) else None)
        within = timedelta(seconds=float(order["wait"] or 0))
        with readers.wait(chosen, within=within, waiting=lambda: tell(Frame.ALIVE)) as line:
            _tell_reading(_read(_Watched(line, tell), order, tell), tell)


class _Watched:
    """A line that says before each command that it is still going."""

    def __init__(self, line: Transport, tell: Callable[..., None]) -> None:
        self._line = line
        self._tell = tell

    def transmit(self, command: bytes) -> bytes:
        self._tell(Frame.ALIVE)
        return self._line.transmit(command)


def _read(line: Transport, order: dict[str, str | float | None], tell: Callable[..., None]) -> ChipReading:
    mrz, can = order["mrz"], order["can"]
    return read_chip(
        line,
        AccessSecret(
            mrz.encode("ascii") if isinstance(mrz, str) else None,
            can.encode("ascii") if isinstance(can, str) else None,
        ),
        entropy=SystemEntropy(),
        clock=SystemClock(),
        progress=lambda *step: tell(Frame.PROGRESS, json.dumps(step).encode()),
        limit=timedelta(seconds=float(order["limit"] or 0)),
    )


def _tell_reading(reading: ChipReading, tell: Callable[..., None]) -> None:
    evidence = reading.evidence
    said = {
        "access": reading.access.value,
        "commands": reading.commands,
        "proof": None if evidence is None else evidence.proof.value,
        "key_file_digest": None if evidence is None else evidence.key_file_digest.hex(),
    }
    tell(Frame.EVIDENCE, json.dumps(said).encode())
    tell(Frame.DOCUMENT, pack_passport(reading.files))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.fileno())
