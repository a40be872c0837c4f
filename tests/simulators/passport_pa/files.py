"""The vectors as files: JSON, bytes in hex, each different file of a passport once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from simulators.passport_pa.faults import PaVector, vectors
from simulators.passport_pa.rules import RULES

__all__ = ["render"]

_PROVENANCE = "made for Dongui by tests/vectors/passport_pa/make_mutations.py; nobody's data"


def render() -> dict[str, str]:
    """Return each file's name and its whole text."""
    return {name: _file(found) for name, found in vectors().items()}


def _file(found: list[PaVector]) -> str:
    content = {
        "format": "dongui-passport-authentication-vectors/1",
        "bytes": dict(sorted((_short(one), one.hex()) for vector in found for one in _bytes_of(vector))),
        "vectors": [_entry(vector) for vector in found],
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _entry(vector: PaVector) -> dict[str, object]:
    clause, rule = RULES[vector.expect]
    return {
        "name": vector.name,
        "expect": vector.expect,
        "clause": clause,
        "rule": rule,
        "files": {str(number): _short(content) for number, content in sorted(vector.files.items())},
        "anchors": list(map(_short, vector.anchors)),
        "revocation_lists": list(map(_short, vector.revocation_lists)),
        "at": vector.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provenance": _PROVENANCE,
        "licence": "Apache-2.0",
    }


def _bytes_of(vector: PaVector) -> Iterable[bytes]:
    return (*vector.files.values(), *vector.anchors, *vector.revocation_lists)


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
