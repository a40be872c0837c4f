"""A program that gives commands of a withdrawal in a child, and kills it at one countable instant.

``python withdrawal_victim.py``: each line of its input is JSON with ``folder``, ``desk``, ``at`` and
``command``. The child gives the command in the folder and is killed before the ``at``-th instant (from 1) at
which it would write, synchronise or change a database. The answer is ``killed``, or ``done`` and the number
of instants where the command came to its end.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from importlib import import_module

from dongui.cli.main import command, run
from simulators.own_libraries import leave_out_pandas
from simulators.vault_instants import tell_each_operation

# What a command loads on its way, or a library of its does, is loaded once, before anything is forked.
_LATER = (
    *("dongui.cli.carrying_out_inputs", "dongui.custody.carrying_out", "dongui.custody.stops", "dongui.desk"),
    *("dongui.custody.rule_packs", "typer._adapters", "_strptime", "zoneinfo", "importlib.metadata"),
)


class Killer:
    """Counts instants, and kills this process before one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0

    def tell(self) -> None:
        """Count."""
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def give(order: dict[str, object]) -> str:
    """Give the command, until it ends or this process does; tell how it ended, after how many instants."""
    os.chdir(str(order["folder"]))
    os.environ["DONGUI_DESK"] = str(order["desk"])
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it ends with the process
    counted, command = Killer(int(str(order["at"]))), order["command"]
    tell_each_operation(counted.tell)
    try:
        run([str(word) for word in command] if isinstance(command, list) else [])
    except SystemExit as end:
        return f"{'failed' if end.code else 'done'} {counted.seen}"


def load() -> None:
    """Load everything, and keep it out of the collector's way: its pages stay shared with every child."""
    for name in _LATER:
        import_module(name)
    command(only="custody")
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve orders until the input ends."""
    leave_out_pandas()
    load()
    told = os.dup(1)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                os.write(told, give(json.loads(line)).encode() + b"\n")
            finally:
                os._exit(0)
        if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            os.write(told, b"killed\n")


if __name__ == "__main__":
    main()
