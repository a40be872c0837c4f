"""Tasks for the confinement to run: honest ones, and every way a task can go wrong."""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer

PERSONAL = "M12345678"

# What a careless task leaves behind in the process that runs it.
KEPT: list[bytes] = []


def prepare(arguments: bytes, progress: Callable[[str], None]) -> object:
    """Load nothing, say so, and hand on the arguments."""
    progress("loading")
    progress("ready")
    return arguments


def prepare_slowly(arguments: bytes, progress: Callable[[str], None]) -> object:
    """Take longer than anybody waits."""
    time.sleep(60)
    return None


def prepare_with_thread(arguments: bytes, progress: Callable[[str], None]) -> object:
    """Leave a thread running."""
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return None


def prepare_in_vain(arguments: bytes, progress: Callable[[str], None]) -> object:
    """Fail with a name."""
    raise Misuse("file.not-found", "the model /nowhere does not exist")


def prepare_and_break(arguments: bytes, progress: Callable[[str], None]) -> object:
    """Fail without a name."""
    raise ValueError("weights of another kind")


def measure(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Tell what arrived: the prepared arguments, the order, and sum and length of each buffer."""
    assert isinstance(prepared, bytes)
    told = [prepared, order]
    told += [f"{len(buffer)}:{sum(buffer.view)}".encode() for buffer in buffers]
    return b"|".join(told)


def add_up(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Answer how many bytes arrived."""
    return str(sum(len(buffer) for buffer in buffers)).encode()


def keep(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Copy every buffer carelessly, as libraries do, and keep the copies."""
    KEPT.extend(bytes(buffer.view) for buffer in buffers)
    return str(sum(len(kept) for kept in KEPT)).encode()


def refuse(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Raise a failure with a name."""
    raise Refused("cose.signature-invalid", "the signature of line 3")


def quote(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Raise an exception that quotes the document."""
    raise ValueError(f"bad number {PERSONAL}")


def leave(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """End the process as a library might."""
    raise SystemExit(0)


def fault(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Crash as a decoder in C would."""
    ctypes.string_at(0)
    return b""


def sleep(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Take longer than any limit."""
    time.sleep(60)
    return b""


def ignore_and_sleep(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Ignore every signal that can be ignored, and take longer than any limit."""
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    time.sleep(60)
    return b""


def allocate(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Take ``order`` bytes of memory and write into each page."""
    taken = bytearray(int(order))
    for place in range(0, len(taken), mmap.PAGESIZE):
        taken[place] = 1
    return b"taken"


def answer_too_much(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Answer with more than an answer may hold."""
    return bytes(2 << 20)


def answer_no_bytes(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Break the contract of a task."""
    return "text"  # type: ignore[return-value]


def write_file(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Try to write a byte into the file the order names."""
    try:
        Path(order.decode()).write_bytes(b"x")
    except OSError as error:
        return str(error.errno).encode()
    return b"written"


def look_around(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Tell what this process could reach: its number, threads, open files, and limits."""
    files = []
    for name in os.listdir("/proc/self/fd"):
        try:
            files.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:
            continue
    kinds = sorted({file.partition(":")[0] if not file.startswith("/dev/") else file for file in files})
    core = resource.getrlimit(resource.RLIMIT_CORE)
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
    told = [os.getpid(), kinds, len(files), core, dumpable, len(os.listdir("/proc/self/task"))]
    return repr(told).encode()


def reach_siblings(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Tell how many sockets this process could speak over."""
    count = 0
    for number in range(3, 64):
        try:
            socket.socket(fileno=os.dup(number)).close()
        except OSError:
            continue
        count += 1
    return str(count).encode()


def keep_then(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Copy every buffer carelessly, then do what the order names: end well, or in any of the bad ways."""
    keep(prepared, b"", buffers)
    ways: dict[bytes, Callable[[], bytes]] = {
        b"answer": lambda: b"answered",
        b"quote": lambda: quote_buffer(buffers),
        b"fault": lambda: fault(prepared, b"", buffers),
        b"sleep": lambda: sleep(prepared, b"", buffers),
        b"allocate": lambda: allocate(prepared, b"1000000000", buffers),
    }
    return ways[order]()


def quote_buffer(buffers: list[SecretBuffer]) -> bytes:
    """Raise an exception that quotes the buffer itself, as a decoder's message might."""
    raise ValueError(bytes(buffers[0].view))
