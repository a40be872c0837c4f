"""Writes these vectors: ``PYTHONPATH=src:tests python tests/vectors/passport_pa/make_mutations.py``.

Keys and signatures follow from labels, so running this again writes the same bytes; a test compares. EF.SOD,
certificates and lists are drafted in ``tests/simulators/passport_pa``, which shares neither encoder nor
arithmetic with Dongui's verifier.
"""

from __future__ import annotations

from pathlib import Path

from simulators.passport_pa.files import render

if __name__ == "__main__":
    for name, text in render().items():
        (Path(__file__).parent / name).write_text(text, encoding="ascii")
        print(f"{name}: {len(text)} bytes")
