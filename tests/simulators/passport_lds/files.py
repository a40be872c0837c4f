"""The vectors as files: JSON, bytes in hex."""

from __future__ import annotations

import json

from simulators.passport_lds.faults import LdsVector, vectors
from simulators.passport_lds.rules import RULES

__all__ = ["AT", "render"]

AT = "2026-11-22T12:00:00Z"
_PROVENANCE = "made for Dongui by tests/vectors/passport_lds/make_mutations.py; nobody's data"


def render() -> dict[str, str]:
    """Return each file's name and its whole text."""
    return {name: _file(found) for name, found in vectors().items()}


def _file(found: list[LdsVector]) -> str:
    content = {"format": "dongui-passport-lds-vectors/1", "vectors": [_entry(vector) for vector in found]}
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _entry(vector: LdsVector) -> dict[str, str]:
    clause, rule = RULES[vector.expect]
    return {
        "name": vector.name,
        "expect": vector.expect,
        "file": vector.file,
        "clause": clause,
        "rule": rule,
        "content": vector.content.hex(),
        "at": AT,
        "provenance": _PROVENANCE,
        "licence": "Apache-2.0",
    }
