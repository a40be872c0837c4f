"""Chips that answer anything: for showing that no answer does more than fail by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dongui.errors import DonguiError
from simulators.chip_documents import chip, read
from simulators.passport_chip import PassportChip

__all__ = ["Scripted", "Spoiling", "outcome"]


@dataclass
class Scripted:
    """A chip that gives these answers, then the last one for ever."""

    answers: Sequence[bytes]
    commands: int = 0

    def transmit(self, command: bytes) -> bytes:
        """Answer, whatever was asked."""
        self.commands += 1
        return self.answers[min(self.commands, len(self.answers)) - 1]


@dataclass
class Spoiling:
    """A sound chip of which one answer, by number, is exchanged: for bytes, or with a run of them put in."""

    chip: PassportChip
    at: int
    place: int
    run: bytes
    taken: int
    commands: int = 0

    def transmit(self, command: bytes) -> bytes:
        """Answer soundly but once."""
        self.commands += 1
        answer = self.chip.transmit(command)
        if self.commands - 1 != self.at:
            return answer
        place = self.place % (len(answer) + 1)
        return answer[:place] + self.run + answer[place + self.taken :]


def outcome(on_reader: Scripted | Spoiling) -> str:
    """The failure's name, or "read"; anything else is raised."""
    try:
        reading = read(on_reader)
    except DonguiError as failure:
        return failure.name
    assert reading.files.groups[2] == chip().files[2]
    return "read"
