"""Fuzz passive authentication: bytes as EF.SOD, and a genuine EF.SOD with something changed in it.

Every answer is a named failure, or a document that says nothing new; anything else is a finding.
Run from the root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_passport_sod.py -max_total_time=600 -max_len=2048
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.documents.trust.csca import CscaAnchors
    from dongui.errors import Unanswered

from simulators.passport_country import judge
from simulators.passport_laws import says_nothing_new
from simulators.passport_pa.drafting import AUTHORITY, GROUPS, Passport
from simulators.passport_pa.faults import vectors

ANCHORS = CscaAnchors.from_certificates([AUTHORITY.write()])
WHOLE = Passport().files()
EXPECTED = judge(WHOLE, ANCHORS)
SEEDS = [vector.files[17] for found in vectors().values() for vector in found if 17 in vector.files]


def _edited(security_object: bytes, fuzz: atheris.FuzzedDataProvider) -> bytes:
    """EF.SOD with up to four runs of bytes exchanged for others."""
    changed = bytearray(security_object)
    for _ in range(fuzz.ConsumeIntInRange(1, 4)):
        start = fuzz.ConsumeIntInRange(0, max(len(changed) - 1, 0))
        put = fuzz.ConsumeBytes(fuzz.ConsumeIntInRange(0, 8))
        changed[start : start + fuzz.ConsumeIntInRange(0, 8)] = put
    return bytes(changed)


def test_one_input(data: bytes) -> None:
    """One input: raw bytes, bytes behind the right tag, or a genuine EF.SOD edited."""
    fuzz = atheris.FuzzedDataProvider(data)
    kind = fuzz.ConsumeIntInRange(0, 3)
    if kind < 2:
        security_object = (b"", b"\x77")[kind] + fuzz.ConsumeBytes(len(data))
    else:
        whole = WHOLE[17] if kind == 2 else SEEDS[fuzz.ConsumeIntInRange(0, len(SEEDS) - 1)]
        security_object = _edited(whole, fuzz)
    try:
        found = judge({**GROUPS, 17: security_object}, ANCHORS)
    except Unanswered:
        return
    if kind == 2 and not says_nothing_new(found, EXPECTED):
        raise AssertionError("a changed security object was accepted as another one")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
