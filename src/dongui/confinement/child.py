"""The process that meets the face: one order, one answer, the end."""

from __future__ import annotations

import os
import socket
from typing import NoReturn

from dongui.confinement.hardening import harden_child
from dongui.confinement.task import Caught, Task, type_name
from dongui.confinement.wire import MAX_REPLY_BYTES, Kind, pack_failure, receive_order, send_frame
from dongui.errors import DonguiError
from dongui.memory import wipe_all

__all__ = ["EXIT_OUT_OF_MEMORY", "serve"]

EXIT_OUT_OF_MEMORY = 12
_EXIT_ANSWERED = 0
_EXIT_UNANSWERED = 13


def serve(task: Task, prepared: object, wire: socket.socket, *, parent: int, memory_bytes: int) -> NoReturn:
    """Harden this process, answer the one order that comes over ``wire``, and end the process.

    ``parent`` is the number of the process that forked this one. ``memory_bytes`` is what the task may use
    beyond what the zygote holds already.
    """
    code = _EXIT_UNANSWERED
    with Caught() as caught:
        harden_child(parent=parent, keep=wire.fileno(), memory_bytes=memory_bytes)
        code = _answer(task, prepared, wire)
    if isinstance(caught.error, MemoryError):
        code = EXIT_OUT_OF_MEMORY
    # Not sys.exit: nothing the zygote registered to run at its own end may run here.
    os._exit(code)


def _answer(task: Task, prepared: object, wire: socket.socket) -> int:
    send_frame(wire, Kind.READY)
    order, buffers = receive_order(wire)
    with Caught() as caught:
        send_frame(wire, Kind.RESULT, _checked(task(prepared, order, buffers)))
    wipe_all(buffers)
    if isinstance(caught.error, MemoryError):
        return EXIT_OUT_OF_MEMORY
    if isinstance(caught.error, DonguiError):
        send_frame(wire, Kind.FAILURE, pack_failure(caught.error))
    elif caught.error is not None:
        send_frame(wire, Kind.UNEXPECTED, type_name(caught.error).encode())
    return _EXIT_ANSWERED


def _checked(answer: object) -> bytes:
    if not isinstance(answer, bytes):
        raise TypeError
    if len(answer) > MAX_REPLY_BYTES:
        raise OverflowError
    return answer
