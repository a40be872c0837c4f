"""A Python that has loaded the command line once and forks one process for each command.

Only what needs no thread is loaded before: of several threads a fork copies one, with the others' locks held.
Nothing is run before that a command could see: it finds what a fresh process has after its imports, and what
a fresh one would make of the sources alone, the tree of commands and the table of failures.
"""

from __future__ import annotations

import atexit
import gc
import marshal
import os
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple, NoReturn

_SIZE_BYTES = 8
# What commands import when they run; not what draws reports, which few commands do.
_LATER = (
    *("typer._adapters", "dongui.desk", "dongui.storage.sqlite.ledger", "dongui.cli.trust_option"),
    *("PIL.JpegImagePlugin", "PIL.PngImagePlugin", "cedarpy", "duckdb", "psycopg", "fpdf", "jinja2", "segno"),
    *("pyarrow.parquet", "pyarrow.compute", "scipy.special", "dongui.biometrics.instruments", "_strptime"),
    *("dongui.cli.carrying_out_inputs", "dongui.cli.stopped", "dongui.cli.model_inputs"),
    *("dongui.cli.rights_stores", "dongui.assessment.result_json"),
    "dongui.demo.cast",
)
# The Parquet library's allocator would start a thread when it is imported; it needs none.
_NO_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}


class _Order(NamedTuple):
    """What a client asks: its name, arguments, folder, file mask and environment."""

    kind: str
    arguments: list[str]
    folder: str
    mask: int
    environment: dict[str, str]


class _Running(NamedTuple):
    """A command under way, and the connection its end is told over."""

    child: int
    wire: socket.socket


def main(folder: Path, become_as: Callable[[socket.socket], None]) -> None:
    """Serve the clients of ``folder`` until standard input is closed; each command becomes as its client."""
    _load()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"/proc/self/fd/{os.open(folder, os.O_RDONLY)}/socket")
    (folder / "socket").chmod(0o666)
    listener.listen(64)
    if os.fork() == 0:  # a library's pool of threads ends at the first fork, and is not begun again here
        os._exit(0)
    os.wait()
    if (threads := len(os.listdir("/proc/self/task"))) != 1:
        sys.exit(f"{threads} threads: none of what is loaded before a fork may start one")
    # What is loaded stays for good: unmoved by the collector, its pages stay shared with every child.
    gc.collect()
    gc.freeze()
    os.write(1, b"ready\n")
    _serve(listener, become_as)


def _load() -> None:
    os.environ.update(_NO_THREAD)  # the server's own: a command has its client's environment
    main = import_module("dongui.cli.main")
    for name in main._SINGLE + main._NOUNS:
        main.command(only=name)  # kept by it, as the table of failures is
    import_module("dongui.errors").failures()
    for name in _LATER:
        with suppress(ModuleNotFoundError):  # an extra that is not installed; its command says so itself
            import_module(name)


def _serve(listener: socket.socket, become_as: Callable[[socket.socket], None]) -> None:
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(listener, select.POLLIN)
    ends: dict[int, _Running] = {}
    wires: dict[int, _Running] = {}
    while True:
        for file, _ in poll.poll():
            if file == 0:
                return
            if file == listener.fileno():
                running = _begin(listener, become_as)
                ended = os.pidfd_open(running.child)
                ends[ended] = wires[running.wire.fileno()] = running
                poll.register(ended, select.POLLIN)
                poll.register(running.wire, select.POLLIN)
            elif file in ends:
                running = ends.pop(file)
                poll.unregister(file)
                os.close(file)
                if wires.pop(running.wire.fileno(), None):
                    poll.unregister(running.wire)
                _tell(running)
            elif file in wires:  # the client is gone, so nobody wants the command any more
                running = wires.pop(file)
                poll.unregister(file)
                os.kill(running.child, signal.SIGKILL)


def _begin(listener: socket.socket, become_as: Callable[[socket.socket], None]) -> _Running:
    wire, _ = listener.accept()
    head, files, _, _ = socket.recv_fds(wire, _SIZE_BYTES, 3)
    with wire.makefile("rb") as stream:
        order = _Order(*marshal.loads(stream.read(int.from_bytes(head, "big"))))
    child = os.fork()
    if child == 0:
        become_as(wire)
        _end(_run(order, files))
    for file in files:
        os.close(file)
    return _Running(child, wire)


def _tell(running: _Running) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(running.child, 0)[1])
    with running.wire, suppress(BrokenPipeError):
        running.wire.sendall(code.to_bytes(4, "big", signed=True))


def _run(order: _Order, files: Sequence[int]) -> int:
    """Become the process the client stands for, run its program, and return the exit code.

    An exception goes on to the interpreter, which tells it and ends with 1, as in any program.
    """
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, 1024)  # other commands' streams among them: held open here, they would never end
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, _anew(getattr(sys, name)))
    os.umask(order.mask)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    try:
        if order.kind == "dongui":
            sys.argv = ["dongui", *order.arguments]
            sys.path[0] = str(Path(sys.executable).parent)
            import_module("dongui.cli.main").run()
        sys.argv = order.arguments
        sys.path[0] = str(Path(order.arguments[0]).parent)
        runpy.run_path(order.arguments[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, int) or end.code is None:
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    return 0


def _anew(stream: TextIOWrapper) -> TextIOWrapper:
    """Open a standard stream as Python does at its start: the server's own knows another file."""
    number, through = stream.fileno(), stream.write_through
    raw = FileIO(number, "wb" if number else "rb", closefd=False)
    buffer: FileIO | BufferedWriter | BufferedReader = raw
    if not through:  # a Python told to be unbuffered writes to the file itself
        buffer = BufferedWriter(raw) if number else BufferedReader(raw)
    by_line = number == 2 or raw.isatty()
    return TextIOWrapper(
        buffer,
        stream.encoding,
        stream.errors,
        line_buffering=by_line,
        write_through=through,
    )


def _end(code: int) -> NoReturn:
    """End as Python does, but for taking every loaded module apart first."""
    with suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    import_module("own_libraries").leave_out_pandas()  # stands beside this file, as the next does
    become_as = import_module("warmed_surroundings").become_as
    # As in any process of the program: the folder of this file is no place to import from.
    sys.path[0] = ""
    main(Path(sys.argv[1]), become_as)
    os._exit(0)
