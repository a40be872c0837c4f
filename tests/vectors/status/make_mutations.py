"""Writes the status list vectors: ``PYTHONPATH=src:tests python tests/vectors/status/make_mutations.py``.

Every key and signature follows from a label, so running this again writes the same bytes; a test
compares. The lists come from ``tests/simulators/status_drafting.py``, which uses nothing of Dongui's own
reading, and the faults in them from ``tests/simulators/status_faults/``.
"""

from __future__ import annotations

from pathlib import Path

from simulators.status_faults.files import render

if __name__ == "__main__":
    for name, text in render().items():
        (Path(__file__).parent / name).write_text(text, encoding="ascii")
        print(f"{name}: {len(text)} bytes")
