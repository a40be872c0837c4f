"""Writes the vectors of a passport's single files.

Run it so: ``PYTHONPATH=src:tests python tests/vectors/passport_lds/make_mutations.py``.

Running this again writes the same bytes; a test compares. The files are drafted in
``tests/simulators/passport_lds/``, which uses nothing of Dongui's own reading or writing.
"""

from __future__ import annotations

from pathlib import Path

from simulators.passport_lds.files import render

if __name__ == "__main__":
    for name, text in render().items():
        (Path(__file__).parent / name).write_text(text, encoding="ascii")
        print(f"{name}: {len(text)} bytes")
