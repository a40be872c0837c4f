"""The account and the mounts of whoever gives a warmed command; see :mod:`simulators.warmed`."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

__all__ = ["become_as"]

_PEER = struct.Struct("3i")  # <sys/socket.h>, struct ucred: process, account, group
_NEW_NAMESPACES = 0x10000000 | 0x00020000  # <sched.h>, CLONE_NEWUSER and CLONE_NEWNS
_SET_DUMPABLE = 4  # <sys/prctl.h>


def become_as(wire: socket.socket) -> None:
    """Take over what a process started there would have: the client's account and mounts, where not ours.

    Raises ``OSError`` where that is not allowed. No client gets another account's command.
    """
    process, account, group = _PEER.unpack(wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    if _mounts(process) != _mounts(os.getpid()):
        _call("setns", os.pidfd_open(process), _NEW_NAMESPACES)
    elif account != os.geteuid():
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(account, account, account)
        # Whoever changes its account cannot read its own /proc, until it starts a program.
        _call("prctl", _SET_DUMPABLE, 1)


def _mounts(process: int) -> str:
    return os.readlink(f"/proc/{process}/ns/mnt")


def _call(name: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
