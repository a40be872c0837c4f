"""Fuzz the reading of a chip: any answers, and sound readings with one answer changed.

Every reading ends by name or with the files as they were signed; anything else is a finding. Run from the
root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_chip.py -max_total_time=900 -max_len=1024
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["dongui"]):
    import dongui.documents.passport.chip.reading  # noqa: F401 - instrumented before its users are

from simulators.chip_answers import Scripted, Spoiling, outcome
from simulators.chip_documents import Wishes, chip

OFFERS = (Wishes(), Wishes(pace=((2, 12),)), Wishes(chip_authentication=None, active="ecdsa"))
_MAX_ANSWERS = 16


def one_input(data: bytes) -> None:
    """Answer from the input, or spoil one answer of a sound chip by it."""
    given = atheris.FuzzedDataProvider(data)
    if given.ConsumeBool():
        answers = [
            given.ConsumeBytes(given.ConsumeIntInRange(0, 80)) + (b"\x90\x00" if given.ConsumeBool() else b"")
            for _ in range(given.ConsumeIntInRange(1, _MAX_ANSWERS))
        ]
        found = outcome(Scripted(answers))
    else:
        wishes = given.PickValueInList(list(OFFERS))
        at, place = given.ConsumeIntInRange(0, 40), given.ConsumeIntInRange(0, 500)
        taken = given.ConsumeIntInRange(0, 8)
        found = outcome(Spoiling(chip(wishes), at, place, given.ConsumeBytes(8), taken))
    assert found.startswith(("chip.", "passport.", "cms.", "trust.", "read")), found


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
