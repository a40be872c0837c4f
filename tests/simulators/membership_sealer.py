"""Seals releases in children that are killed: ``python membership_sealer.py FOLDER SEED KILLS NAME...``.

A child draws a few keys and seals one release, and is killed from outside, a little after it has told of a
drawn number of instants of ``vault_instants``. The parent starts no thread and opens nothing before it forks.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

from simulators.killed_from_outside import forked, killed_after
from simulators.membership_office import MembershipOffice
from simulators.own_libraries import leave_out_pandas

__all__: list[str] = []

# What a child's libraries would load on their way.
_LATER = ("_strptime", "pyarrow.compute", "zoneinfo")
# A little more than a child has: two dozen to open and to draw keys, the others to seal.
_INSTANTS = 165


def _work(folder: Path, name: str, people: int) -> None:
    office = MembershipOffice.reopen(folder)
    office.draw(range(people, people + 5))
    office.seal(name)
    office.close()


def main() -> None:
    """Kill, then let each release be finished, and say how often a child was killed before it was done."""
    leave_out_pandas()
    for name in _LATER:
        import_module(name)
    # Out of the collector's way: what is loaded stays in pages shared with every child.
    gc.collect()
    gc.freeze()
    folder, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    kills, names = int(sys.argv[3]), sys.argv[4:]
    killed = 0
    for place, name in enumerate(names):
        for attempt in range(kills):
            people = 1000 + 5 * (place * kills + attempt)
            killed += killed_after(chance.randint(1, _INSTANTS), partial(_work, folder, name, people))
        child = forked(partial(_work, folder, name, 5000 + 5 * place))
        if os.waitpid(child, 0)[1]:
            sys.exit(f"{name} could not be finished")
    print(killed)


if __name__ == "__main__":
    main()
