"""Checking what came out of a model's desk: a published model, a notice, a person's receipt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dongui.custody.model_files import ModelSeal, require_derived
from dongui.custody.publication import PARAMETERS, PROOF, SEAL, STATISTICS
from dongui.custody.undoing_receipt import MAX_UNDOING_BYTES, check_undoing
from dongui.custody.withdrawal_notices import check_notice
from dongui.errors import Misuse, Refused
from dongui.log.proof_file import verify_proof
from dongui.memory import SecretBuffer
from dongui.receipts.keys import OperatorKeys

__all__ = ["Checked", "check_any"]

_MAX_STATISTICS_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked, and what it says."""

    kind: str
    lines: tuple[tuple[str, str], ...]


def check_any(path: Path, operator: OperatorKeys) -> Checked:
    """Check whatever lies at ``path``.

    Raises ``Misuse``: ``file.*``, ``model.not-a-model``; ``Refused``: ``model.*``, ``lineage.*``, ``log.*``,
    ``cbor.*``.
    """
    if path.is_dir():
        return _published(path, operator)
    data = _read(path, MAX_UNDOING_BYTES)
    if data.startswith(b"dongui withdrawal notice"):
        return _notice(data, operator)
    if b"dongui-undoing-receipt" in data[:40]:
        return Checked("receipt", check_undoing(data, operator=operator).lines)
    raise Misuse("model.not-a-model", f"{path} begins like none of these")


def _published(path: Path, operator: OperatorKeys) -> Checked:
    if not (path / SEAL).is_file():
        raise Misuse("model.not-a-model", f"{path} has no {SEAL}")
    # 1. The seal is in the log.
    seal = ModelSeal.decode(_read(path / SEAL, 1_024))
    proved = verify_proof(_read(path / PROOF, MAX_UNDOING_BYTES), origin=operator.log.name, key=operator.log)
    if proved.entry != seal.entry():
        raise Refused("model.seal-not-logged", f"entry {proved.index} commits to something else")
    # 2. The statistics are the sealed ones.
    statistics = _read(path / STATISTICS, _MAX_STATISTICS_BYTES)
    seal.require_statistics(statistics)
    # 3. The model is what follows from them, to the bit.
    require_derived(_read(path / PARAMETERS, _MAX_STATISTICS_BYTES), statistics)
    return Checked(
        "model",
        (
            ("model", seal.model.hex()),
            ("version", str(seal.version)),
            ("release", seal.release.hex()),
            ("statistics", seal.statistics.hex()),
            ("entry", str(proved.index)),
        ),
    )


def _notice(data: bytes, operator: OperatorKeys) -> Checked:
    notice = check_notice(data, key=operator.receipts)
    lines = [
        ("from", notice.controller),
        ("to", notice.recipient),
        ("made", notice.made),
        ("due", notice.due),
    ]
    if notice.release is not None:
        lines += [("release", notice.release[0].hex()), ("records", str(len(notice.records)))]
    if notice.model is not None:
        lines.append(("model", f"{notice.model[0].hex()} version {notice.model[1]}"))
    return Checked("notice", tuple(lines))


def _read(path: Path, limit: int) -> bytes:
    with SecretBuffer.read_file(path, max_bytes=limit, what="file") as content:
        return bytes(content.view)
