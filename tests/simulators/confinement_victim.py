"""A program that has one picture looked at, then waits to be searched.

``python confinement_victim.py PICTURE confined|in-process ORDER`` prints the numbers of its processes and
ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from dongui.confinement import Confined, Confinement, InProcess
from dongui.memory import SecretBuffer

VISION = "simulators.confined_vision"


def main() -> None:
    """Start, look, forget, wait."""
    picture, place, order = sys.argv[1:]
    pids = [os.getpid()]
    confined: Confined
    if place == "confined":
        started = Confinement.start(
            f"{VISION}:prepare",
            arguments=b"",
            progress=lambda _message: None,
            timeout_seconds=30,
            memory_bytes=512 << 20,
        )
        pids.append(started.zygote_pid)
        confined = started
    else:
        confined = InProcess.start(f"{VISION}:prepare", arguments=b"", progress=lambda _message: None)
    with SecretBuffer.read_file(Path(picture), max_bytes=10 << 20, what="picture") as buffer:
        answer = confined.run(f"{VISION}:look", order=order.encode(), buffers=[buffer])
    print(json.dumps({"pids": pids, "answer": answer.decode()}), flush=True)
    sys.stdin.read()
    confined.close()


if __name__ == "__main__":
    main()
