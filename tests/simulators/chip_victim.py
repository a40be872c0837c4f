"""A program that reads a passport on a reader, forgets it, and waits to be searched. Run with ``python -m``.

It says ``held`` with the buffer in its hands and ``forgotten`` after wiping it, each time waiting for a line.
"""

from __future__ import annotations

import sys

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.readers.passport_chip import read_passport


def main() -> None:
    """Read, hold, forget."""
    reading = read_passport(
        None, AccessSecret.from_fields(*sys.argv[1:4]), progress=lambda _label, _done, _total: None
    )
    with reading.document:
        print("held", flush=True)
        sys.stdin.readline()
    print("forgotten", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
