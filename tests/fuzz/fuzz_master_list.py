"""Fuzz what a trust folder is filled from: country certificates, master lists, revocation lists, indices.

Every answer is a named failure or a value; a certificate that still verifies is the one that was signed.
With ``DONGUI_TEST_DATA`` set, certificates of the published list are edited, too. Run::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_master_list.py -max_total_time=600 -max_len=4096
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.documents.trust.country_certificate import read_country_certificate
    from dongui.documents.trust.master_list import read_master_list
    from dongui.documents.trust.master_list_index import read_index
    from dongui.documents.trust.revocation_list import read_revocation_list
    from dongui.errors import Refused, Trouble

from simulators.passport_pa.drafting import AUTHORITY, SIGNER, revocation_list
from simulators.passport_pa.faults import AT

DATA = os.environ.get("DONGUI_TEST_DATA")
ROOT = read_country_certificate(AUTHORITY.write())
LIST = revocation_list({4711: 1, 4712: None}, this_update=AT, next_update=AT)


def _certificates() -> list[bytes]:
    found = [AUTHORITY.write(), SIGNER.write()]
    if DATA is not None:
        lists = Path(DATA) / "vectors" / "passport" / "master-lists"
        root = read_country_certificate((lists / "DE_ROOT_CA_CSCA07.cer").read_bytes())
        listed = read_master_list((lists / "DE_ML_2026-05-28.ml").read_bytes(), roots=[root])
        found += [one.encoded for one in listed.certificates[::10]]
    return found


CERTIFICATES = _certificates()


def _edited(data: bytes, fuzz: atheris.FuzzedDataProvider) -> bytes:
    changed = bytearray(data)
    for _ in range(fuzz.ConsumeIntInRange(1, 4)):
        start = fuzz.ConsumeIntInRange(0, max(len(changed) - 1, 0))
        put = fuzz.ConsumeBytes(fuzz.ConsumeIntInRange(0, 8))
        changed[start : start + fuzz.ConsumeIntInRange(0, 8)] = put
    return bytes(changed)


def _certificate(fuzz: atheris.FuzzedDataProvider) -> None:
    original = CERTIFICATES[fuzz.ConsumeIntInRange(0, len(CERTIFICATES) - 1)]
    changed = read_country_certificate(_edited(original, fuzz))
    before = read_country_certificate(original)
    if changed.is_signed_by(ROOT.key) and changed.signed_part != before.signed_part:
        raise AssertionError("a changed certificate verifies")


def test_one_input(data: bytes) -> None:
    """One input: an edited certificate, an edited revocation list, or raw bytes as each of the four."""
    fuzz = atheris.FuzzedDataProvider(data)
    kind = fuzz.ConsumeIntInRange(0, 5)
    try:
        if kind == 0:
            _certificate(fuzz)
        elif kind == 1:
            read_revocation_list(_edited(LIST, fuzz))
        elif kind == 2:
            read_country_certificate(fuzz.ConsumeBytes(len(data)))
        elif kind == 3:
            read_master_list(fuzz.ConsumeBytes(len(data)), roots=[ROOT])
        elif kind == 4:
            read_revocation_list(fuzz.ConsumeBytes(len(data)))
        else:
            read_index(fuzz.ConsumeBytes(len(data)), b"", key=b"")
    except (Refused, Trouble):
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
