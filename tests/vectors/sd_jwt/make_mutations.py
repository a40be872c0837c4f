"""Writes the SD-JWT vectors: ``PYTHONPATH=src:tests python tests/vectors/sd_jwt/make_mutations.py``.

Every key, salt and signature follows from a label, so running this again writes the same bytes; a test
compares. The documents come from ``tests/simulators/sd_jwt_drafting.py``, which uses nothing of Dongui's own
reading, signing or issuing, and the faults in them from ``tests/simulators/sd_jwt_faults/``.
"""

from __future__ import annotations

from pathlib import Path

from simulators.sd_jwt_faults.files import render

if __name__ == "__main__":
    for name, text in render().items():
        (Path(__file__).parent / name).write_text(text, encoding="ascii")
        print(f"{name}: {len(text)} bytes")
