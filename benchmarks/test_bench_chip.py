"""Reading a passport's chip: our share of the time, beside the number of commands the standard asks for.

The chip is simulated in this process, its own work included, and nothing is spent on radio: against a real
chip commands are what a reader can spare. The portrait has 15 kB, as the published specimen's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Protocol

import pytest

from dongui.documents.passport.chip.chip_files import SHORT_PIECE
from dongui.documents.passport.files import COM, SOD
from simulators.chip_documents import Wishes, chip, read
from simulators.passport_chip import PassportChip

pytestmark = pytest.mark.benchmark(group="chip", timer=time.process_time)
PORTRAIT = 15_000
_LONG = 3_000
_LONG_PIECE = 2_000
# Select and two reads of EF.CardAccess where there is one; select, and one read, of EF.ATR/INFO.
_PACE_STEPS = 5 + 1  # choosing, four exchanges, then the application
_BAC_STEPS = 3  # the application, the challenge, the authentication


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    def __call__(self, target: Callable[[], object]) -> object:
        """Measure ``target``."""


def least_commands(on_reader: PassportChip, *, piece: int, proof: int) -> int:
    """The fewest commands: access, then for each file a selection, its header, and whole pieces."""
    pace = bool(on_reader.pace)
    access = (1 + 2 + _PACE_STEPS) if pace else (1 + _BAC_STEPS)
    announced = 2 if on_reader.longest > 256 else 1
    sizes = [len(on_reader.files[number]) for number in (COM, SOD, 1, 2, 14) if number in on_reader.files]
    files = sum(2 + math.ceil((size - 6) / piece) for size in sizes)
    return access + announced + files + proof


@pytest.mark.parametrize("length", ["short", "extended"])
@pytest.mark.parametrize(
    ("wishes", "proof"),
    [
        (Wishes(portrait_bytes=PORTRAIT), 3),
        (Wishes(pace=((2, 13),), portrait_bytes=PORTRAIT), 3),
        (Wishes(pace=((4, 17),), portrait_bytes=PORTRAIT, chip_authentication=4, curve="secp521r1"), 3),
    ],
    ids=["bac", "pace_brainpool256_aes128", "pace_brainpool512_aes256"],
)
def test_reading(benchmark: Benchmark, wishes: Wishes, proof: int, length: str) -> None:
    """A whole reading with chip authentication; the simulated chip's own work is in it."""
    longest, piece = (256, SHORT_PIECE) if length == "short" else (_LONG, _LONG_PIECE)
    sent = read(chip(wishes, longest=longest)).commands
    benchmark.extra_info["commands"] = sent
    benchmark.extra_info["fewest commands"] = least_commands(
        chip(wishes, longest=longest), piece=piece, proof=proof
    )
    benchmark(lambda: read(chip(wishes, longest=longest)))
