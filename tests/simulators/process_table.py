"""Which processes there are, read from /proc."""

from __future__ import annotations

from pathlib import Path

__all__ = ["processes_named"]


def processes_named(mark: str) -> dict[int, str]:
    """Every process in whose command line ``mark`` stands: its number and state.

    What the kernel only keeps until somebody asks how it ended (Z) has no memory any more.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue  # it ended meanwhile
        if mark.encode() in line and state != "Z":
            found[int(entry.name)] = state
    return found
