"""Fuzz the readers of a passport's files: any bytes, and sound files with something changed in them.

Every answer is something read within its bounds, or a named failure; anything else is a finding. The sound
files are those of the vectors and, with ``DONGUI_TEST_DATA`` set, the published specimen's. Run from the
root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_passport_lds.py -max_total_time=900 -max_len=4096
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.documents.passport.dg1 import parse_dg1
    from dongui.documents.passport.dg2 import parse_dg2
    from dongui.documents.passport.dg14 import parse_dg14
    from dongui.documents.passport.dg15 import parse_dg15
    from dongui.documents.passport.files import LdsFiles, file_label
    from dongui.documents.passport.lds import parse_com
    from dongui.errors import Refused, Undetermined

from simulators.passport_lds.faults import vectors

AT = datetime(2026, 11, 22, tzinfo=UTC)
READERS: dict[str, Callable[[bytes], object]] = {
    "DG1": lambda data: parse_dg1(data, at=AT),
    "DG2": parse_dg2,
    "DG14": parse_dg14,
    "DG15": parse_dg15,
    "EF.COM": parse_com,
    "zip": LdsFiles.from_archive,
}
SOUND = [(vector.file, vector.content) for vector in vectors()["sound.json"]]
if "DONGUI_TEST_DATA" in os.environ:
    folder = Path(os.environ["DONGUI_TEST_DATA"]) / "vectors" / "passport" / "bsi2008"
    specimen = LdsFiles.from_listing({path.name: path.read_bytes() for path in folder.iterdir()})
    SOUND += [(file_label(number), specimen.group(number)) for number in specimen]


def _edited(content: bytes, fuzz: atheris.FuzzedDataProvider) -> bytes:
    """The file with up to four runs of bytes exchanged for others, mostly near its beginning."""
    changed = bytearray(content)
    for _ in range(fuzz.ConsumeIntInRange(1, 4)):
        reach = len(changed) if fuzz.ConsumeBool() else min(len(changed), 200)
        start = fuzz.ConsumeIntInRange(0, max(reach - 1, 0))
        changed[start : start + fuzz.ConsumeIntInRange(0, 8)] = fuzz.ConsumeBytes(
            fuzz.ConsumeIntInRange(0, 8)
        )
    return bytes(changed)


def test_one_input(data: bytes) -> None:
    """One input: raw bytes for a reader, or bytes exchanged in a sound file."""
    fuzz = atheris.FuzzedDataProvider(data)
    file, content = SOUND[fuzz.ConsumeIntInRange(0, len(SOUND) - 1)]
    changed = _edited(content, fuzz) if fuzz.ConsumeBool() else fuzz.ConsumeBytes(len(data))
    try:
        READERS[file](changed)
    except (Refused, Undetermined) as failure:
        if not failure.name.startswith("passport."):
            raise


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
