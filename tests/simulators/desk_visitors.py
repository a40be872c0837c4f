"""Processes that verify visits at one desk, to be killed and to be raced.

What is real: the desk on disk with its stores and keys, the main path as :meth:`Desk.verify` calls it, a
fresh presentation for every session, and the examination of the document, signature and holder included. What
is light: the consent is another person's, so that the examination ends, *refused*, before a picture is
decoded; the frames are grey; and the examination runs in the same process. So a visit takes milliseconds.

Run as a program with the desk's path, it forks its children from one warm process. It serves lines:

``kill VISITS MODE``    a child verifies one visit after another until it is killed, after so many visits: the
                        whole ones are waited for, the rest is a part of the time that one took a moment ago
``race WHAT ROUNDS``    two children verify at the same instants: visits of their own (``apart``), the same
                        sessions (``session``), the same frames in sessions of their own (``frames``)

and writes, each line in one piece, ``end`` after all lines of its children:

``b SESSION``               the one verification of a session begins
``a SESSION INDEX RECEIPT`` it has returned: an answer, with its place in the log (the bundle in base64)
``x SESSION FAILURE``       it has raised instead

In the mode ``late`` a child breaks the rule: what it answers is written to the desk's log afterwards.
"""

from __future__ import annotations

import base64
import io
import multiprocessing
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from dongui.capture import Capture
from dongui.confinement import InProcess
from dongui.demo.story import HANDOVER
from dongui.desk import Desk
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.mdoc.holder import Holder
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.errors import DonguiError
from dongui.log.checkpoint import VerifiedCheckpoint
from dongui.log.entry import Entry
from dongui.log.interface import Log
from dongui.log.keys import SignerKey
from dongui.log.proofs import ConsistencyProof, InclusionProof
from dongui.memory import SecretBuffer
from dongui.receipts.statement import Channel
from dongui.session import Session
from dongui.storage.sqlite.log import SqliteLog
from dongui.verification import Verification, verify
from simulators.mdoc_issuance import Issuer, a_licence, a_presentation, an_issuer

PURPOSE = "airport-gate"
_context = multiprocessing.get_context("fork")


def say(line: str) -> None:
    """Write one line in one piece (below PIPE_BUF), so that a kill leaves no half of it."""
    assert len(line) < 4000
    os.write(1, f"{line}\n".encode())


def nothing(arguments: bytes, progress: object) -> None:
    """What an examination needs that ends before it decodes a picture."""


@dataclass(frozen=True)
class Hall:
    """A desk, somebody's consent, somebody else who presents, and the issuer both documents are from."""

    path: Path
    record: bytes
    holder: Holder
    anchors: TrustAnchors
    examiner: InProcess
    grey: bytes

    @classmethod
    def open(cls, path: Path) -> Hall:
        """Have one person consent, and another come."""
        earlier = FixedClock(SystemClock().now() - timedelta(hours=1))
        issuer = an_issuer(clock=earlier)
        anchors = TrustAnchors.from_certificates([issuer.root.public_bytes(Encoding.DER)])
        examiner = InProcess.start(
            "simulators.desk_visitors:nothing", arguments=b"", progress=lambda _message: None
        )
        stream = io.BytesIO()
        Image.new("RGB", (64, 64), "grey").save(stream, "JPEG")
        hall = cls(path, b"", _holder(issuer, "1", earlier), anchors, examiner, stream.getvalue())
        with hall.desk() as desk:
            consenting = authenticate(
                _holder(issuer, "2", earlier).issuer_signed,
                trust_anchors=anchors,
                clock=desk.clock,
                status=StatusEvidence.none(),
                session_transcript=None,
                reader_key=None,
            )
            given = desk.give_consent(PURPOSE, consenting, language="ko").receipt
        return cls(path, given.history.record.id, hall.holder, anchors, examiner, hall.grey)

    def desk(self) -> Desk:
        """Open the desk in the process that asks."""
        return Desk(self.path, clock=SystemClock(), entropy=SystemEntropy())

    def session(self, desk: Desk) -> Session:
        """Open and keep a session on the one consent."""
        return desk.open_session(PURPOSE, self.record, handover=HANDOVER)

    def frames(self) -> list[bytes]:
        """Three frames nobody used before: grey, with random bytes behind the picture's end."""
        return [self.grey + os.urandom(16) for _ in range(3)]

    def visit(self, desk: Desk, log: Log, session: Session, frames: Sequence[bytes]) -> Verification:
        """Verify once, as :meth:`Desk.verify` does, with ``log`` for the desk's."""
        return verify(
            SecretBuffer(bytearray(a_presentation(self.holder, session.transcript))),
            Capture(tuple(SecretBuffer(bytearray(frame)) for frame in frames), Channel.TRUSTED),
            session_id=session.id,
            purpose=desk.purpose(PURPOSE),
            controller=desk.controller,
            operator_key=desk.operator_key,
            trust=DocumentTrust.for_mdocs(self.anchors),
            chip=None,
            cards=None,
            examiner=self.examiner,
            accept_unassessed=True,
            ledger=desk.ledger,
            sessions=desk.sessions,
            log=log,
            log_key=desk.keys.log,
            clock=desk.clock,
            entropy=desk.entropy,
        )

    def tell(self, desk: Desk, log: Log, session: Session, frames: Sequence[bytes]) -> None:
        """Verify once and say what came of it, after it has."""
        say(f"b {session.id}")
        try:
            receipt = self.visit(desk, log, session, frames).receipt
        except DonguiError as error:
            say(f"x {session.id} {error.name}")
            return
        say(f"a {session.id} {receipt.proof.index} {base64.b64encode(receipt.to_bytes()).decode()}")


class LateLog:
    """What must never be: answers come from a copy, and what they promise is appended afterwards."""

    def __init__(self, desk: Desk) -> None:
        self._log = desk.log
        copy = desk.path.parent / f"copy-{os.getpid()}.sqlite"
        with (
            closing(sqlite3.connect(desk.path / "log.sqlite")) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        key = SignerKey.parse((desk.path / "keys" / "log.key").read_text().strip())
        self._copy = SqliteLog.open(copy, key=key)
        self._owed: list[Entry] = []

    def append(self, entries: Sequence[Entry]) -> range:
        """Append to the copy; pay the last debt to the log only now."""
        if self._owed:
            self._log.append(self._owed)
        self._owed = list(entries)
        return self._copy.append(entries)

    def checkpoint(self) -> VerifiedCheckpoint:
        """The copy's."""
        return self._copy.checkpoint()

    def inclusion(self, index: int, size: int) -> InclusionProof:
        """The copy's."""
        return self._copy.inclusion(index, size)

    def consistency(self, old: int, new: int) -> ConsistencyProof:
        """The copy's."""
        return self._copy.consistency(old, new)

    def entry(self, index: int) -> Entry:
        """The copy's."""
        return self._copy.entry(index)


def verify_for_ever(hall: Hall, mode: str, done: int) -> None:
    """Open the desk and verify one visit after another, until killed; each is told to the pipe ``done``."""
    desk = hall.desk()
    log: Log = LateLog(desk) if mode == "late" else desk.log
    while True:
        os.write(done, b".")
        hall.tell(desk, log, hall.session(desk), hall.frames())


def seconds_a_visit(hall: Hall) -> float:
    """Measure, and warm this process up: what its children need is loaded then."""
    with hall.desk() as desk:
        hall.visit(desk, desk.log, hall.session(desk), hall.frames())
    begun = time.monotonic()
    with hall.desk() as desk:
        for _ in range(3):
            hall.visit(desk, desk.log, hall.session(desk), hall.frames())
    return (time.monotonic() - begun) / 3


def kill_one(hall: Hall, visits: float, pace: float, mode: str) -> None:
    """Let one child verify so many visits, kill it, wait until it is gone."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        verify_for_ever(hall, mode, writes)
    os.close(writes)
    # Under half a visit it is killed while it opens the desk. Beyond, that is waited for, and every whole
    # visit: however quick the machine is at that moment, what was to be done has been.
    for _ in range(1 + int(visits) if visits >= 0.5 else 0):
        os.read(reads, 1)
    time.sleep(visits % 1 * pace)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reads)


Visit = tuple[Session, Sequence[bytes]]


def race(hall: Hall, what: str, rounds: int) -> None:
    """Have two children verify ``rounds`` visits each, every pair of visits at the same instant."""
    plans: tuple[list[Visit], list[Visit]] = ([], [])
    with hall.desk() as desk:
        for _ in range(rounds):
            session, frames = hall.session(desk), hall.frames()
            plans[0].append((session, frames))
            plans[1].append(
                (
                    session if what == "session" else hall.session(desk),
                    frames if what == "frames" else hall.frames(),
                )
            )
    barrier = _context.Barrier(2)
    children = [_context.Process(target=_take_turns, args=(hall, plan, barrier)) for plan in plans]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0


def _take_turns(hall: Hall, plan: list[Visit], barrier: Barrier) -> None:
    with hall.desk() as desk:
        for session, frames in plan:
            barrier.wait(30)
            hall.tell(desk, desk.log, session, frames)


def _holder(issuer: Issuer, number: str, clock: FixedClock) -> Holder:
    return a_licence(issuer, elements={"document_number": f"UT-{number}"}, clock=clock)


def main() -> None:
    """Serve lines until the input ends."""
    hall = Hall.open(Path(sys.argv[1]))
    pace = seconds_a_visit(hall)
    say("ready")
    for line in sys.stdin:
        command, first, second = line.split()
        if command == "kill":
            kill_one(hall, float(first), pace, second)
        else:
            race(hall, first, int(second))
        say("end")


if __name__ == "__main__":
    main()
