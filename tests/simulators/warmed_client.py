"""The program ``dongui`` as the warmed server runs it; see :mod:`simulators.warmed`.

Started by hand nothing is gained. A copy of this file stands, executable, in a server's folder: it hands its
arguments, folder, environment and standard streams to the server beside it, and ends as the command ended.
"""

from __future__ import annotations

import _socket
import marshal
import os
import sys

_KINDS = {"dongui": "-m dongui.cli", "warmed-python": ""}
"""The names under which a copy is called, and what a Python of its own would be given for each."""


def main() -> None:
    """Have one command run, and end with its exit code or by its signal."""
    folder, kind = os.path.split(os.path.abspath(sys.argv[0]))
    with open(os.path.join(folder, "start"), "rb") as file:
        python, prefixes, start = marshal.load(file)
    given = {name: value for name, value in os.environ.items() if name.startswith(tuple(prefixes))}
    if given != start:
        # Python itself reads these before any program runs: the server's would be the wrong ones.
        os.execv(python, [python, *_KINDS[kind].split(), *sys.argv[1:]])
    mask = os.umask(0)
    order = marshal.dumps((kind, sys.argv[1:], os.getcwd(), mask, dict(os.environ)))
    # What ``socket`` and ``signal`` are made from: those two are slower to import than all the rest is to do.
    wire = _socket.socket(_socket.AF_UNIX)
    # By way of an open file: the address of a socket has 108 bytes, and a folder's path may have more.
    wire.connect(f"/proc/self/fd/{os.open(folder, os.O_RDONLY)}/socket")
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    wire.sendmsg([len(order).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
    wire.sendall(order)
    ended = wire.recv(4)
    if len(ended) != 4:
        sys.exit("the warmed server is gone")
    code = int.from_bytes(ended, "big", signed=True)
    if code < 0:
        _end_by(-code)
    os._exit(code)


def _end_by(number: int) -> None:
    import signal

    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main()
