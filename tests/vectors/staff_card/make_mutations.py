"""Writes the staff card vectors: ``PYTHONPATH=src:tests python tests/vectors/staff_card/make_mutations.py``.

Every key, random and signature follows from a label, so running this again writes the same bytes; a test
compares. The cards come from ``tests/simulators/staff_card_drafting.py``, which uses nothing of Dongui's own
reading or issuing, and the faults in them from ``tests/simulators/staff_card_faults/``.
"""

from __future__ import annotations

from pathlib import Path

from simulators.staff_card_faults.files import render

if __name__ == "__main__":
    for name, text in render().items():
        (Path(__file__).parent / name).write_text(text, encoding="ascii")
        print(f"{name}: {len(text)} bytes")
