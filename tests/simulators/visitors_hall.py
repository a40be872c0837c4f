"""The test's side of ``simulators.desk_visitors``: asks for kills and races, and reads what was said."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dongui
from dongui.demo.story import CONTROLLER
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.log.checkpoint import VerifiedCheckpoint
from dongui.log.merkle import leaf_hash
from dongui.log.proofs import verify_consistency, verify_inclusion
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import VerifiedReceipt, check_receipt
from dongui.receipts.signing import entry_of

__all__ = ["Answer", "Said", "Visitors", "open_desk", "proved", "visitors"]

_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Answer:
    """One answer that was given: for which session, at which place in the log, with which receipt."""

    session: str
    index: int
    receipt: ReceiptBundle = field(repr=False)


@dataclass
class Said:
    """What the children said until their end."""

    begun: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def interrupted(self) -> list[str]:
        """Sessions whose verification began and neither returned nor raised."""
        over = {answer.session for answer in self.answers} | set(self.failures)
        return [session for session in self.begun if session not in over]


class Visitors:
    """The running program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def kill(self, visits: float, *, mode: str = "durable") -> Said:
        """Let one child verify for as long as so many visits take, kill it, return what it said."""
        return self._ask(f"kill {visits:.6f} {mode}")

    def race(self, what: str, rounds: int) -> Said:
        """Let two children verify at the same instants, return what both said."""
        return self._ask(f"race {what} {rounds}")

    def wait(self) -> None:
        """Wait until the program is warm."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def _ask(self, line: str) -> Said:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        said = Said()
        for heard in self._process.stdout:
            what, *values = heard.split()
            if what == "end":
                return said
            if what == "b":
                said.begun.append(values[0])
            elif what == "x":
                said.failures[values[0]] = values[1]
            else:
                bundle = ReceiptBundle.from_bytes(base64.b64decode(values[2]))
                said.answers.append(Answer(values[0], int(values[1]), bundle))
        raise AssertionError("the program ended by itself")


@contextmanager
def visitors(path: Path) -> Iterator[Visitors]:
    """Make a desk at ``path`` and start the program there."""
    create_desk(path, CONTROLLER, entropy=SystemEntropy())
    source = str(Path(dongui.__file__).parent.parent)
    with subprocess.Popen(
        [sys.executable, str(_TESTS / "simulators" / "desk_visitors.py"), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([source, str(_TESTS)]), "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        program = Visitors(process)
        program.wait()
        yield program
        assert process.stdin is not None
        process.stdin.close()


def open_desk(path: Path) -> Desk:
    """Open the desk, as its operator would after a crash."""
    return Desk(path, clock=SystemClock(), entropy=SystemEntropy())


def proved(desk: Desk, answer: Answer, *, now: VerifiedCheckpoint) -> VerifiedReceipt:
    """Check an answer: its receipt by itself, and its entry's place in the log as it is ``now``.

    Raises what :func:`check_receipt`, the log and its proofs raise.
    """
    checked = check_receipt(answer.receipt, operator=desk.keys, trusted=None)
    leaf = leaf_hash(entry_of(answer.receipt.receipt, checked.statement).encode())
    verify_inclusion(desk.log.inclusion(answer.index, now.size), leaf=leaf, root=now.root)
    proof = desk.log.consistency(checked.checkpoint.size, now.size)
    verify_consistency(proof, old_root=checked.checkpoint.root, new_root=now.root)
    return checked
