"""Reading a passport on a card reader: one process a chip, ended when it takes too long.

The process that reads holds the plain files and ends; what comes back is one buffer that can be overwritten,
and the reader's word on the chip. Needs ``dongui[chip]``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.reading import READ_LIMIT, Access, Progress
from dongui.documents.passport.chip_evidence import ChipEvidence, ChipProof
from dongui.errors import DonguiError, Misuse, Refused, Trouble, Undetermined
from dongui.extras import require_extra
from dongui.memory import SecretBuffer
from dongui.readers.chip_wire import Frame, read_frame

__all__ = ["ANSWER_LIMIT", "CARD_WAIT", "PassportReading", "list_readers", "read_passport"]

CARD_WAIT = timedelta(seconds=30)
ANSWER_LIMIT = timedelta(seconds=15)
"""How long one command may take. Chips that compute on curves take up to two seconds."""
_START_SECONDS = 20.0  # until an interpreter has started and loaded, on a machine that is busy
_END_SECONDS = 3.0
_FAMILIES: dict[str, type[DonguiError]] = {
    kind.family: kind for kind in (Misuse, Refused, Undetermined, Trouble)
}


@dataclass(frozen=True, slots=True)
class PassportReading:
    """A passport's files in one run (what :func:`dongui.documents.authenticating.authenticate` takes).

    ``document`` is the caller's to wipe. ``evidence`` is the reader's word on the chip, for the same
    verification; ``None``: the chip offers no proof spoken here.
    """

    document: SecretBuffer
    evidence: ChipEvidence | None
    access: Access
    commands: int


def list_readers() -> tuple[str, ...]:
    """Return the names of the card readers. Raises ``Misuse`` ``environment.extra-missing``; ``Trouble``:
    ``chip.no-service``, ``chip.timeout``, ``chip.reader-trouble``."""
    with _reading_process(_order("list", None, None, timedelta(), timedelta())) as answers:
        _, names = _next(answers, _START_SECONDS)
        return tuple(json.loads(names))


def read_passport(
    reader: str | None,
    access: AccessSecret,
    *,
    progress: Progress,
    wait: timedelta = CARD_WAIT,
    limit: timedelta = READ_LIMIT,
    answer_limit: timedelta = ANSWER_LIMIT,
) -> PassportReading:
    """Wait for a passport on a reader, open it once, read it, and have its chip prove itself.

    ``reader`` is a part of the reader's name; ``None``: whichever has a card on it. ``limit`` bounds the
    reading, ``answer_limit`` each command. Raises as
    :func:`dongui.documents.passport.chip.reading.read_chip`, and ``Misuse``: ``environment.extra-missing``,
    ``chip.reader-unknown``, ``chip.several-cards``; ``Trouble``: ``chip.no-service``, ``chip.no-reader``,
    ``chip.no-card``, ``chip.vanished``, ``chip.timeout``, ``chip.reader-trouble``.
    """
    with _reading_process(_order("read", reader, access, wait, limit)) as answers:
        seconds = max(_START_SECONDS, answer_limit.total_seconds())
        while True:
            kind, content = _next(answers, seconds)
            seconds = answer_limit.total_seconds()
            if kind is Frame.PROGRESS:
                progress(*json.loads(content))
            elif kind is Frame.EVIDENCE:
                return _reading(json.loads(content), _next(answers, seconds)[1])


def _order(
    what: str, reader: str | None, access: AccessSecret | None, wait: timedelta, limit: timedelta
) -> bytes:
    mrz = None if access is None or access.mrz is None else access.mrz.decode("ascii")
    can = None if access is None or access.can is None else access.can.decode("ascii")
    order = {"what": what, "reader": reader, "mrz": mrz, "can": can}
    return json.dumps(order | {"wait": wait.total_seconds(), "limit": limit.total_seconds()}).encode()


@contextmanager
def _reading_process(order: bytes) -> Iterator[int]:
    """Start the process, hand it its order on its input (arguments are for everybody to see), end it."""
    require_extra("chip")
    # -P: a folder called dongui in the working directory is not taken for ours.
    command = [sys.executable, "-P", "-m", "dongui.readers.chip_process"]
    with subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            if process.stdin is None or process.stdout is None:
                raise Trouble("chip.reader-trouble", "the reading process has no pipes")
            _hand(process.stdin.write, order)
            _hand(lambda _: process.stdin.close() if process.stdin else None, b"")
            yield process.stdout.fileno()
            # It said everything: let it switch the chip off, so that nothing stays open.
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
        finally:
            process.kill()


def _hand(write: Callable[[bytes], object], order: bytes) -> None:
    try:
        write(order)
    except BrokenPipeError:
        raise Trouble("chip.reader-trouble", "the reading process ended before it began") from None


def _next(answers: int, seconds: float) -> tuple[Frame, bytearray]:
    """The next frame that says something; a failure is raised as what it was."""
    kind, content = read_frame(answers, seconds=seconds)
    if kind is Frame.FAILURE:
        said = json.loads(content)
        raise _FAMILIES[said["family"]](said["name"], said["detail"])
    return kind, content


def _reading(said: dict[str, str | int | None], document: bytearray) -> PassportReading:
    proof, digest = said["proof"], said["key_file_digest"]
    evidence = None
    if isinstance(proof, str) and isinstance(digest, str):
        evidence = ChipEvidence(ChipProof(proof), bytes.fromhex(digest))
    commands = said["commands"]
    return PassportReading(
        SecretBuffer(document),
        evidence,
        Access(str(said["access"])),
        commands if isinstance(commands, int) else 0,
    )
