"""One task over the border: asked, shown what it needs, answered, ended, judged."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from dongui.confinement.child import EXIT_OUT_OF_MEMORY
from dongui.confinement.process import Ending, ZygoteProcess
from dongui.confinement.wire import BrokenWireError, Frame, Kind, receive_frame, send_order, unpack_failure
from dongui.errors import Trouble
from dongui.memory import SecretBuffer

__all__ = ["Bounds", "Exchange", "exchange", "judge"]

# What the zygote may take to end a child whose time is over, before it is ended itself.
_GRACE_SECONDS = 5.0
_MAX_TYPE_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one task may use: seconds from its fork to its end, bytes beyond what the zygote holds."""

    seconds: float
    memory_bytes: int


@dataclass(slots=True)
class Exchange:
    """What came of it. ``shown``: the order may have left; ``ending`` None: the zygote is of no more use."""

    shown: bool = False
    reply: Frame | None = None
    ending: Ending | None = None


def exchange(
    zygote: ZygoteProcess, task: str, *, order: bytes, buffers: Sequence[SecretBuffer], bounds: Bounds
) -> Exchange:
    """Have ``zygote`` fork a child for ``task``, show it the order, take its reply, wait for its end."""
    result = Exchange()
    try:
        _converse(result, zygote, task, order, buffers, bounds)
        result.ending = zygote.await_ending(seconds=bounds.seconds + _GRACE_SECONDS)
    finally:
        # Interrupted half-way (Ctrl-C), or the zygote itself failed: whatever still runs goes now.
        if result.ending is None:
            zygote.end()
    return result


def _converse(
    result: Exchange,
    zygote: ZygoteProcess,
    task: str,
    order: bytes,
    buffers: Sequence[SecretBuffer],
    bounds: Bounds,
) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(bounds.seconds + _GRACE_SECONDS)
        try:
            with theirs:
                zygote.fork(task, theirs, seconds=bounds.seconds, memory_bytes=bounds.memory_bytes)
            # The child says when it has given up what it must; only then is it shown anything.
            frame = receive_frame(ours)
            if frame.kind is Kind.READY:
                result.shown = True
                send_order(ours, order, buffers)
                frame = receive_frame(ours)
            result.reply = frame
        except (BrokenWireError, OSError):
            # The child is gone or silent; how it ended says more than this.
            return


def judge(result: Exchange, bounds: Bounds) -> bytes:
    """Return the answer, or raise what happened instead."""
    ending, reply = result.ending, result.reply
    if ending is None:
        raise Trouble("confinement.crashed", "the process that forks ended unexpectedly")
    if ending.timed_out:
        raise Trouble("confinement.timed-out", f"ended after {bounds.seconds:g} seconds, which is the limit")
    if ending.code == EXIT_OUT_OF_MEMORY:
        limit = bounds.memory_bytes
        raise Trouble("confinement.out-of-memory", f"the limit is {limit} bytes beyond the models'")
    if reply is None:
        how = f"by signal {-ending.code}" if ending.code < 0 else f"with code {ending.code}"
        raise Trouble("confinement.crashed", f"the task's process ended {how}")
    return _answer(reply)


def _answer(reply: Frame) -> bytes:
    if reply.kind is Kind.RESULT:
        return reply.payload
    if reply.kind is Kind.FAILURE:
        try:
            failure = unpack_failure(reply.payload)
        except BrokenWireError:
            raise Trouble("confinement.crashed", "the task ended with a failure nobody named") from None
        raise failure
    name = reply.payload.decode("ascii", "replace")[:_MAX_TYPE_NAME_CHARACTERS]
    raise Trouble("confinement.crashed", f"the task ended with {name}")
