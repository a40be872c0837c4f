"""Search a process's memory, or files, for bytes that should have been forgotten.

Whoever searches for a secret holds it, and would find it in itself. So the searching is done by a helper
process, and the needles reach it masked: the test's own process holds a random key and the needle XOR that
key, neither of which is the needle. :func:`derive` makes them in a process of its own, so that a test can
look for what it never held: the pixels of a picture, the template of a face.

What counts as found is told in :mod:`simulators.memory_haystack`.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulators.warmed import warmed

__all__ = ["Hit", "Needle", "derive", "hide", "search_files", "search_process_memory"]

_SEARCHER = Path(__file__).with_name("memory_searcher.py")


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes to look for, masked; ``repr`` shows the label alone."""

    label: str
    masked: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Needle({self.label!r}, {len(self.masked)} bytes)"

    def unmasked(self) -> tuple[str, bytes]:
        """The label and the bytes themselves: for the process that searches, and no other."""
        masked, key = (np.frombuffer(part, np.uint8) for part in (self.masked, self.key))
        return self.label, (masked ^ key).tobytes()

    def to_json(self) -> dict[str, str]:
        """For the way between processes."""
        return {
            "label": self.label,
            "masked": base64.b64encode(self.masked).decode(),
            "key": base64.b64encode(self.key).decode(),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, str]) -> Needle:
        """The way back."""
        return cls(told["label"], base64.b64decode(told["masked"]), base64.b64decode(told["key"]))


@dataclass(frozen=True, slots=True)
class Hit:
    """A needle found: which, where, and how many of its bytes stand there together."""

    label: str
    where: str
    run: int


def hide(label: str, data: bytes | bytearray | memoryview) -> Needle:
    """Mask a needle. The caller must then forget ``data`` itself."""
    key = os.urandom(len(data))
    masked = np.frombuffer(data, np.uint8) ^ np.frombuffer(key, np.uint8)
    return Needle(label, masked.tobytes(), key)


def derive(reference: str, *arguments: str) -> list[Needle]:
    """Run ``"module:function"`` with ``arguments`` in another process and mask what it returns by label.

    The function returns ``dict[str, bytes]``. It may write files: that is how a picture comes to be that this
    process never saw.
    """
    told = _helper("derive", {"reference": reference, "arguments": list(arguments)})
    return [Needle.from_json(entry) for entry in told]


def search_process_memory(pid: int, needles: Sequence[Needle]) -> list[Hit]:
    """Every place in the readable memory of a process where a needle stands.

    Raises ``PermissionError`` where the system does not let one process read another (ptrace_scope).
    """
    return _search("memory", pid, needles)


def search_files(roots: Iterable[Path], needles: Sequence[Needle]) -> list[Hit]:
    """Every file below ``roots`` in which a needle stands."""
    return _search("files", [str(root) for root in roots], needles)


def _search(what: str, where: int | list[str], needles: Sequence[Needle]) -> list[Hit]:
    told = _helper(what, {"where": where, "needles": [needle.to_json() for needle in needles]})
    if told == "permission":
        raise PermissionError(f"the memory of process {where} may not be read")
    return [Hit(entry["label"], entry["where"], entry["run"]) for entry in told]


def _helper(what: str, request: Mapping[str, object]) -> Any:
    finished = subprocess.run(
        [warmed().python, str(_SEARCHER), what],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        env={**warmed().environment(), "ORT_DISABLE_TELEMETRY": "1"},
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)
