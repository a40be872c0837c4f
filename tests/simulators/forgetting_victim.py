"""A program that verifies staged visits and holds still after each, to be searched.

``python forgetting_victim.py FOLDER confined|careless`` verifies the case named in each line of its input
(``wait`` names none), keeps the answer or the failure, and writes one line: its processes' numbers, what came
out. ``careless`` runs the examination in the program itself and keeps everything.

It turns core dumps on, as far as it may: to turn them off is the product's part.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

from dongui.capture import Capture
from dongui.confinement import Confined, Confinement, InProcess
from dongui.desk import Desk
from dongui.desk.desk import models_cache
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.trust import TrustAnchors
from dongui.environment import SystemEntropy
from dongui.errors import DonguiError, Trouble
from dongui.log.entry import Entry, EntryKind
from dongui.memory import SecretBuffer
from dongui.receipts.statement import Channel
from dongui.verification import PREPARE, Verification
from simulators.forgetting_stage import Case, read_cases

TIMEOUT_SECONDS = 8.0


class Substituted:
    """An examiner that runs the case's task in the place of the examination."""

    def __init__(self, examiner: Confined, task: str) -> None:
        self._examiner = examiner
        self._task = task

    def run(self, task: str, *, order: bytes, buffers: object) -> bytes:
        """Run the other task on the same order and buffers."""
        return self._examiner.run(self._task, order=order, buffers=buffers)  # type: ignore[arg-type]

    def close(self) -> None:
        """Nothing of its own."""


def main() -> None:
    """Start, verify as asked, hold still."""
    root, place = Path(sys.argv[1]), sys.argv[2]
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    logging.basicConfig(filename="log.txt", level=logging.DEBUG)
    clock, cases = read_cases(root)
    anchors = TrustAnchors.from_directory(root / "trust")
    examiner = start(place)
    with Desk(root / "desk", clock=clock, entropy=SystemEntropy()) as desk:
        kept: list[object] = []
        for line in sys.stdin:
            case = cases.get(line.strip())
            if case is not None and case.fills_the_log:
                fill(desk)
            if case is not None:
                kept = [end(desk, case, root / case.key, anchors, examiner, careless=place == "careless")]
            pids = [os.getpid(), *([examiner.zygote_pid] if isinstance(examiner, Confinement) else [])]
            print(json.dumps({"pids": pids, "ended": name(kept[0]) if kept else "waiting"}), flush=True)
    examiner.close()


def start(place: str) -> Confined:
    """Start the confined process, or have none."""
    arguments = str(models_cache()).encode()
    if place == "careless":
        return InProcess.start(PREPARE, arguments=arguments, progress=lambda _message: None)
    return Confinement.start(
        PREPARE,
        arguments=arguments,
        progress=lambda _message: None,
        timeout_seconds=TIMEOUT_SECONDS,
        memory_bytes=1 << 30,
    )


def end(
    desk: Desk, case: Case, folder: Path, anchors: TrustAnchors, examiner: Confined, *, careless: bool
) -> Verification | DonguiError:
    """Verify, and return the answer or the failure with all it holds on to."""
    task = "simulators.forgetting_tasks:examine_carelessly" if careless else case.task
    try:
        with SecretBuffer.read_file(folder / "document", max_bytes=1 << 21, what="document") as document:
            frames = [
                SecretBuffer.read_file(frame, max_bytes=1 << 21, what="frame")
                for frame in sorted((folder / "frames").iterdir())
            ]
            return desk.verify(
                desk.sessions.load(case.session, at=desk.clock.now()),
                document,
                Capture(tuple(frames), Channel.TRUSTED),
                trust=DocumentTrust.for_mdocs(anchors),
                examiner=Substituted(examiner, task),
                accept_unassessed=case.accepts,
            )
    except DonguiError as error:
        return error


def name(ended: object) -> str:
    """Tell an answer by its outcome and reason, a failure by its name."""
    if isinstance(ended, Verification):
        return f"{ended.outcome.name.lower()} {ended.reason.name if ended.reason else ''}".strip()
    assert isinstance(ended, DonguiError)
    return f"raised {ended.name}"


def fill(desk: Desk) -> None:
    """Append until not even one entry fits: a full disk, as SQLite meets it."""
    with desk.log._database.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    for size in (50, 1):
        with suppress(Trouble):
            while True:
                desk.log.append([Entry(EntryKind.CONSENT, bytes(32))] * size)


if __name__ == "__main__":
    main()
