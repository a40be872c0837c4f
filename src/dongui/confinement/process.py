"""The program's end of the zygote: a process to start, to ask, and to be sure to end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import NamedTuple

from dongui.confinement.wire import BrokenWireError, Frame, Kind, receive_frame, send_frame, unpack_failure
from dongui.confinement.zygote import ENDING, TASK_HEADER
from dongui.errors import Trouble

__all__ = ["Ending", "ZygoteProcess"]

_ENVIRONMENT = {
    # One thread in every library that would otherwise start a pool when loaded.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # The inference engine's reporting is off, which is a thread too.
    "ORT_DISABLE_TELEMETRY": "1",
    # The models in pages of 2 MiB where the system offers them (transparent huge pages): a fork copies, and
    # an exit takes down, 512 times fewer entries. Measured: a third of the cost.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
_BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from dongui.confinement.zygote import main; main(int(sys.argv[1]))"
)
_SECONDS_TO_END = 2.0


class Ending(NamedTuple):
    """How a child ended: whether its time ran out, and its exit code (negative: a signal)."""

    timed_out: bool
    code: int


class ZygoteProcess:
    """A running zygote. Raises ``Trouble`` (``confinement.not-started``) if it cannot be started."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = _spawn(theirs.fileno(), self._control)
        self._owner = os.getpid()
        # Also if nobody calls end(): no zombie, no process left behind.
        self._finalizer = weakref.finalize(self, _end, self._process, self._control, self._owner)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether it runs and belongs to this process, not to the one this was forked from."""
        return self._owner == os.getpid() and self._finalizer.alive and self._process.poll() is None

    def end(self) -> None:
        """End the process and its child, and wait until it is gone. Safe to call twice."""
        self._finalizer()

    def prepare(
        self, reference: str, arguments: bytes, progress: Callable[[str], None], *, seconds: float
    ) -> None:
        """Have it load what the tasks need. Raises the failure it names, or ``confinement.not-started``."""
        self._control.settimeout(seconds)
        try:
            send_frame(self._control, Kind.PREPARE, reference.encode() + b"\0" + arguments)
            while (frame := receive_frame(self._control)).kind is Kind.PROGRESS:
                progress(frame.payload.decode("utf-8", "replace"))
            _require_ready(frame)
        except TimeoutError:
            raise Trouble("confinement.not-started", f"not prepared within {seconds:g} seconds") from None
        except (BrokenWireError, OSError):
            raise Trouble("confinement.not-started", "the process ended while it prepared") from None

    def fork(self, task: str, wire: socket.socket, *, seconds: float, memory_bytes: int) -> None:
        """Ask for a child that answers over ``wire``. Raises ``OSError`` if the zygote is gone."""
        self._control.settimeout(_SECONDS_TO_END)
        socket.send_fds(self._control, [b"\0"], [wire.fileno()])
        send_frame(self._control, Kind.TASK, TASK_HEADER.pack(seconds, memory_bytes) + task.encode())

    def await_ending(self, *, seconds: float) -> Ending | None:
        """Wait for the child's end. None if the zygote itself failed or is gone; it is of no use then."""
        self._control.settimeout(seconds)
        try:
            frame = receive_frame(self._control)
        except (BrokenWireError, OSError):
            return None
        if frame.kind is not Kind.ENDED or len(frame.payload) != ENDING.size:
            return None
        return Ending(*ENDING.unpack(frame.payload))


def _require_ready(frame: Frame) -> None:
    if frame.kind is Kind.FAILURE:
        raise unpack_failure(frame.payload)
    if frame.kind is not Kind.READY:
        raise Trouble("confinement.not-started", frame.payload.decode("utf-8", "replace"))


def _spawn(control_file: int, ours: socket.socket) -> subprocess.Popen[bytes]:
    path = [os.path.abspath(entry) for entry in sys.path]
    try:
        return subprocess.Popen(  # noqa: S603  (this interpreter, this code; nothing a user gave)
            [sys.executable, "-I", "-c", _BOOTSTRAP, str(control_file), *path],
            pass_fds=[control_file],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ENVIRONMENT,
            # Ctrl-C reaches every process of the terminal's group; this program alone decides what it means.
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        ours.close()
        raise Trouble("confinement.not-started", f"the interpreter {sys.executable!r}: {error}") from None


def _end(process: subprocess.Popen[bytes], control: socket.socket, owner: int) -> None:
    control.close()
    if os.getpid() != owner:
        return
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
