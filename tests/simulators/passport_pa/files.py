"""The vectors as files: JSON, bytes in hex, each different file of a passport once."""

from __future__ import annotations

from collections.abc import Iterable

from simulators.passport_pa.faults import PaVector, vectors
from simulators.passport_pa.rules import RULES
from simulators.vector_writing import LICENCE, dumped, short

__all__ = ["render"]

_PROVENANCE = "made for Dongui by tests/vectors/passport_pa/make_mutations.py; nobody's data"


def render() -> dict[str, str]:
    """Return each file's name and its whole text."""
    return {name: _file(found) for name, found in vectors().items()}


def _file(found: list[PaVector]) -> str:
    content: dict[str, object] = {
        "format": "dongui-passport-authentication-vectors/1",
        "bytes": dict(sorted((short(one), one.hex()) for vector in found for one in _bytes_of(vector))),
        "vectors": [_entry(vector) for vector in found],
    }
    return dumped(content)


def _entry(vector: PaVector) -> dict[str, object]:
    clause, rule = RULES[vector.expect]
    return {
        "name": vector.name,
        "expect": vector.expect,
        "clause": clause,
        "rule": rule,
        "files": {str(number): short(content) for number, content in sorted(vector.files.items())},
        "anchors": list(map(short, vector.anchors)),
        "revocation_lists": list(map(short, vector.revocation_lists)),
        "at": vector.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provenance": _PROVENANCE,
        "licence": LICENCE,
    }


def _bytes_of(vector: PaVector) -> Iterable[bytes]:
    return (*vector.files.values(), *vector.anchors, *vector.revocation_lists)
