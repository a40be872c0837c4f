"""Writes the membership vectors: ``PYTHONPATH=src:tests python tests/vectors/membership/make_mutations.py``.

Every key and signature follows from a label, so running this again writes the same bytes; a test
compares. The answers come from ``tests/simulators/membership_drafting.py``, which uses nothing of Dongui's
own reading or building, and the faults in them from ``tests/simulators/membership_faults.py``.
"""

from __future__ import annotations

from pathlib import Path

from simulators.membership_faults import render

if __name__ == "__main__":
    for name, text in render().items():
        (Path(__file__).parent / name).write_text(text, encoding="ascii")
        print(f"{name}: {len(text)} bytes")
