"""The process that loads the models once, meets no face, and forks one child for each task.

It has one thread, or it refuses to fork: of several threads a fork copies one, and with the others' locks
held for ever the child would wait or, worse, compute something else. No order or buffer passes through it.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import struct

from dongui.confinement.child import serve
from dongui.confinement.hardening import count_threads, harden_zygote
from dongui.confinement.task import Caught, load_prepare, load_task, type_name
from dongui.confinement.wire import BrokenWireError, Kind, pack_failure, receive_frame, send_frame
from dongui.errors import DonguiError, Misuse

__all__ = ["ENDING", "TASK_HEADER", "main"]

TASK_HEADER = struct.Struct("!dQ")
"""Seconds the task may take, bytes of memory it may use; the task's name follows."""

ENDING = struct.Struct("!?i")
"""Whether the time ran out, and the child's exit code (negative: the signal that ended it)."""


_MAX_TEXT_CHARACTERS = 500


def main(control_file: int) -> None:
    """Prepare, then fork a child for every task asked over ``control_file``, until its other end closes."""
    control = socket.socket(fileno=control_file)
    with Caught() as caught:
        harden_zygote()
        prepared = _prepare(control)
        send_frame(control, Kind.READY)
        while True:
            _serve_one(control, prepared)
    if caught.error is not None:
        with Caught():
            _explain(control, caught.error)


def _explain(control: socket.socket, error: BaseException) -> None:
    if isinstance(error, DonguiError):
        send_frame(control, Kind.FAILURE, pack_failure(error))
    elif not isinstance(error, BrokenWireError):
        # No face was ever here, so the exception's text can be told: it names the missing library or file.
        text = f"{type_name(error)}: {error}"[:_MAX_TEXT_CHARACTERS]
        send_frame(control, Kind.UNEXPECTED, text.encode("utf-8", "backslashreplace"))


def _prepare(control: socket.socket) -> object:
    name, _, arguments = receive_frame(control).payload.partition(b"\0")
    # What is loaded stays: none of it is garbage, and looking through it meanwhile only delays the start.
    gc.disable()

    def say(message: str) -> None:
        send_frame(control, Kind.PROGRESS, message.encode())

    prepared = load_prepare(name.decode())(arguments, say)
    threads = count_threads()
    if threads != 1:
        raise Misuse("confinement.threads-started", f"{name.decode()} left {threads - 1} threads running")
    # What was loaded stays for good: unmoved by the collector, its pages stay shared with every child.
    gc.collect()
    gc.freeze()
    gc.enable()
    return prepared


def _serve_one(control: socket.socket, prepared: object) -> None:
    _, files, _, _ = socket.recv_fds(control, 1, 1)
    if not files:
        raise BrokenWireError
    wire = socket.socket(fileno=files[0])
    request = receive_frame(control).payload
    seconds, memory_bytes = TASK_HEADER.unpack_from(request)
    with Caught() as caught:
        task = load_task(request[TASK_HEADER.size :].decode())
    if caught.error is not None:
        send_frame(wire, Kind.UNEXPECTED, type_name(caught.error).encode())
        timed_out, code = False, 0
    else:
        zygote = os.getpid()
        child = os.fork()
        if child == 0:
            serve(task, prepared, wire, parent=zygote, memory_bytes=memory_bytes)
        wire.close()
        timed_out, code = _await(child, control, seconds)
    wire.close()
    send_frame(control, Kind.ENDED, ENDING.pack(timed_out, code))


def _await(child: int, control: socket.socket, seconds: float) -> tuple[bool, int]:
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    # Nothing is asked while a child works: what can be read here is that the program is gone, and then nobody
    # wants the answer.
    poll.register(control, select.POLLIN)
    happened = poll.poll(seconds * 1000)
    os.close(ended)
    if not happened or ended not in (file for file, _ in happened):
        os.kill(child, signal.SIGKILL)
    return not happened, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
