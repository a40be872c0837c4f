"""Examinations that end badly once everything has been seen, and one that forgets nothing."""

from __future__ import annotations

import ctypes
import time

from dongui.biometrics.instruments import Instruments
from dongui.memory import SecretBuffer
from dongui.verification import examine
from simulators.forgetting_stage import Kept, keeping

# What a careless examination leaves in the process it ran in.
KEPT: Kept = {}


def examine_carelessly(instruments: Instruments, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Examine, keeping a copy of every buffer, decoded picture, crop and template."""
    KEPT.update((f"buffer {place}", bytes(buffer.view)) for place, buffer in enumerate(buffers))
    with keeping(KEPT, whole=True):
        return examine(instruments, order, buffers)


def examine_and_crash(instruments: Instruments, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Examine carelessly, then crash as a decoder in C would."""
    examine_carelessly(instruments, order, buffers)
    ctypes.string_at(0)
    return b""


def examine_and_sleep(instruments: Instruments, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Examine carelessly, then take longer than anybody waits."""
    examine_carelessly(instruments, order, buffers)
    time.sleep(120)
    return b""


def examine_and_quote(instruments: Instruments, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Examine carelessly, then fail with everything in the exception's text."""
    examine_carelessly(instruments, order, buffers)
    raise ValueError(*KEPT.values())
