"""A brought model's first run, in a process that is ended when its time or memory runs out.

What can be told of a file without running it is told by :mod:`.onnx_model`; how long it takes and how much it
allocates cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from dongui.memory import SecretBuffer

__all__ = ["PREPARE", "TRIAL_EXTRA_BYTES", "TRIAL_SECONDS", "TRY", "prepare", "try_model"]

PREPARE: Final = "dongui.biometrics.recognisers.trial:prepare"
TRY: Final = "dongui.biometrics.recognisers.trial:try_model"
TRIAL_SECONDS: Final = 60.0
"""For loading and one face. A verification of several frames has about as long."""
TRIAL_EXTRA_BYTES: Final = 2**30
"""Memory beyond seven times the file: it is held as bytes, read, checked, and laid out for running."""


def prepare(arguments: bytes, progress: Callable[[str], None]) -> None:
    """Import what loading takes; ``arguments`` are empty."""
    import onnx.shape_inference

    from dongui.biometrics.recognisers import catalogue

    del arguments, catalogue
    progress(f"onnx {onnx.__version__}")


def try_model(prepared: None, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
    """Load the model, the second buffer, by its card, the first, and run it once; answer nothing.

    Raises as ``catalogue.load_brought`` and ``brought.read_brought_card``.
    """
    from dongui.biometrics.recognisers.brought import read_brought_card
    from dongui.biometrics.recognisers.catalogue import load_brought

    del prepared, order
    card, model = (bytes(buffer.view) for buffer in buffers)
    load_brought(model, read_brought_card(card))
    return b""
