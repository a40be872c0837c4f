"""What a confined process gives up before it is shown anything. Linux."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

from dongui.memory import forbid_core_dumps

__all__ = ["count_threads", "harden_child", "harden_zygote"]

# Loaded before the fork: a child with 32 files and a memory limit should not have to look for its C library.
_LIBC = ctypes.CDLL(None, use_errno=True)
# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 32
_STDERR = 2


def harden_zygote() -> None:
    """No core dumps, and no rights gained by running another program."""
    forbid_core_dumps()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def harden_child(*, parent: int, keep: int, memory_bytes: int) -> None:
    """Close every file but ``keep``, and give up files, memory, core dumps and being looked at.

    ``parent`` is the number of the process that forked this one; with it, this one ends. Raises ``OSError``
    if the system refuses any of it: a child less confined than promised must not work.
    """
    _close_files_but(keep)
    # A zygote that is killed takes its child with it; nobody would read the answer or mind the clock.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It ended before it could be said; no signal will come any more.
        raise ProcessLookupError(parent)
    # Programs of the same user may neither trace this process nor read its memory (ptrace(2), proc(5)).
    _prctl(_PR_SET_DUMPABLE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_AS, _address_space_bytes() + memory_bytes)


def count_threads() -> int:
    """Return the number of threads of this process."""
    return len(os.listdir("/proc/self/task"))


def _close_files_but(keep: int) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) > _STDERR and int(name) != keep:
            # One of them was the listing's own, closed by now.
            with suppress(OSError):
                os.close(int(name))


def _limit(which: int, value: int) -> None:
    resource.setrlimit(which, (value, value))


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _address_space_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
