"""Fuzz the status lists: bytes as they come, and lists with something changed in them, also when signed anew.

Every answer is ``Trouble``, ``Undetermined``, or what an authentic list says; a refusal that no authentic
list spoke, or anything else, is a finding. Run from the root of the tree with the ``fuzz`` dependencies::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_status_list.py -max_total_time=900 -max_len=4096
"""

from __future__ import annotations

import sys
from datetime import timedelta

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.documents.status import StatusEvidence, StatusReference
    from dongui.errors import Refused, Undetermined

from simulators.mdoc_certificates import key_for
from simulators.sd_jwt_drafting import AT
from simulators.status_drafting import LIST_URI, ListDraft

LISTS = [ListDraft(form="jwt").build(), ListDraft(form="cwt").build()]
KEYS = [key_for("sd-jwt signer").public_key()]
VALID, REVOKED = StatusReference(LIST_URI, 0), StatusReference(LIST_URI, 3)


def check(data: bytes, reference: StatusReference) -> None:
    """The list in ``data`` asked about one reference."""
    evidence = StatusEvidence.from_files({"list": data}, anchors=None, max_age=timedelta(days=2))
    evidence.check(reference, issuer_keys=KEYS, at=AT)


def _edited(whole: bytes, fuzz: atheris.FuzzedDataProvider) -> bytes:
    changed = bytearray(whole)
    for _ in range(fuzz.ConsumeIntInRange(1, 4)):
        start = fuzz.ConsumeIntInRange(0, len(changed) - 1)
        changed[start : start + fuzz.ConsumeIntInRange(0, 8)] = fuzz.ConsumeBytes(8)
        if not changed:
            break
    return bytes(changed)


def _compressed_anew(fuzz: atheris.FuzzedDataProvider) -> bytes:
    draft = ListDraft(bits=(1, 2, 4, 8)[fuzz.ConsumeIntInRange(0, 3)])
    draft.form = "jwt" if fuzz.ConsumeBool() else "cwt"
    draft.compressed = fuzz.ConsumeBytes(4_096)
    return draft.build()


def test_one_input(data: bytes) -> None:
    """One input: raw bytes, bytes exchanged in a list, or any bytes as the compressed statuses."""
    fuzz = atheris.FuzzedDataProvider(data)
    kind = fuzz.ConsumeIntInRange(0, 2)
    if kind == 0:
        changed = fuzz.ConsumeBytes(len(data))
    elif kind == 1:
        changed = _edited(LISTS[fuzz.ConsumeIntInRange(0, 1)], fuzz)
    else:
        changed = _compressed_anew(fuzz)
    for reference, expected in ((VALID, None), (REVOKED, "status.revoked")):
        try:
            check(changed, reference)
        except Undetermined:
            continue
        except Refused as refusal:
            if kind < 2 and refusal.name != expected:
                raise AssertionError("a list nobody signed refused a document") from refusal
        else:
            if kind < 2 and expected is not None:
                raise AssertionError("a list nobody signed brought a revoked document back")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
