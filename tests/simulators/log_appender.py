"""Processes that append to a log until they are killed, and say what they were promised.

Run as a program with the log's path and private key: it loads everything once, then for each line
``after N MODE`` on its input forks a child that appends, kills it (SIGKILL) from outside, a little after it
has told of N instants of ``vault_instants``, waits until it is gone and writes ``end``. The child's lines on
the same pipe, each written in one piece:

``b LEAF``         about to append an entry with this leaf hash (hexadecimal)
``a INDEX LEAF``   the append has returned: a promise
``c NOTE``         a checkpoint was handed out (base64): a promise

In the mode ``early`` the child breaks the rule: it promises before it appends.
"""

from __future__ import annotations

import base64
import gc
import os
import sys
import threading
from functools import partial
from pathlib import Path

from dongui.log.entry import Entry, EntryKind
from dongui.log.group_commit import GroupCommit
from dongui.log.keys import SignerKey
from dongui.log.merkle import leaf_hash
from dongui.storage.sqlite.log import SqliteLog
from simulators.killed_from_outside import killed_after


def say(line: str) -> None:
    """Write one line in one piece (far below PIPE_BUF), so that a kill leaves no half of it."""
    os.write(1, f"{line}\n".encode())


def append_for_ever(log: SqliteLog, group: GroupCommit, size: int) -> None:
    """Append batches of ``size`` entries, promising each only when it is durable."""
    while True:
        batch = [Entry(EntryKind.VERIFICATION, os.urandom(32)) for _ in range(size)]
        leaves = [leaf_hash(entry.encode()).hex() for entry in batch]
        say(f"b {leaves[0]}")
        for index, leaf in zip(group.append(batch), leaves, strict=True):
            say(f"a {index} {leaf}")
        say(f"c {base64.b64encode(log.checkpoint().note).decode()}")


def append_too_early(log: SqliteLog) -> None:
    """What must never be: the answer first, the entry afterwards."""
    while True:
        entry = Entry(EntryKind.VERIFICATION, os.urandom(32))
        say(f"a {log.checkpoint().size} {leaf_hash(entry.encode()).hex()}")
        log.append([entry])


def child(path: Path, key: SignerKey, mode: str) -> None:
    """Open the log and append, from three threads at once, until killed."""
    log = SqliteLog.open(path, key=key)
    if mode == "early":
        append_too_early(log)
    group = GroupCommit(log)
    for size in (1, 7):
        threading.Thread(target=append_for_ever, args=(log, group, size), daemon=True).start()
    append_for_ever(log, group, 1)


def main() -> None:
    """Serve ``after`` lines until the input ends."""
    path, key = Path(sys.argv[1]), SignerKey.parse(sys.argv[2])
    # Out of the collector's way: what is loaded stays in pages shared with every child.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        _, instants, mode = line.split()
        if not killed_after(int(instants), partial(child, path, key, mode)):
            sys.exit("the child came to its end")
        say("end")


if __name__ == "__main__":
    main()
