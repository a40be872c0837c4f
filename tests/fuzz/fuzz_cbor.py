"""Fuzz the CBOR reader: bytes are refused with a ``cbor.*`` name, or read, and then written and read alike.

Run from the root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_cbor.py -max_total_time=300 -max_len=512
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.encoding import cbor
    from dongui.errors import Refused

LIMITS = cbor.Limits(max_bytes=4096, max_depth=12, max_items=300)


def test_one_input(data: bytes) -> None:
    """One input: whatever the reader accepts, the writer writes back to the same value."""
    try:
        value = cbor.loads(data, limits=LIMITS)
    except Refused as refusal:
        if not refusal.name.startswith("cbor."):
            raise
        return
    written = cbor.dumps(value)
    again = cbor.loads(written, limits=LIMITS)
    # A NaN is not itself, and embedded items compare by their bytes; the encoding compares both.
    if cbor.dumps(again) != written:
        raise AssertionError("what was written is not what was read")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
