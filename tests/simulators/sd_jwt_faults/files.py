"""The vectors as files: JSON, everything a verifier needs beside every document."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulators.sd_jwt_faults.holder import holder_faults
from simulators.sd_jwt_faults.issuer import issuer_faults
from simulators.sd_jwt_faults.revocation import revocation_lists
from simulators.sd_jwt_faults.rules import RULES
from simulators.sd_jwt_faults.sound import sound_documents
from simulators.sd_jwt_faults.structure import structure_faults
from simulators.sd_jwt_faults.vector import Vector
from simulators.vector_writing import LICENCE, short, with_certificates

__all__ = ["render"]

_FILES: dict[str, Callable[[], Iterator[Vector]]] = {
    "sound.json": sound_documents,
    "structure.json": structure_faults,
    "issuer.json": issuer_faults,
    "holder.json": holder_faults,
    "revocation.json": revocation_lists,
}
_PROVENANCE = "made for Dongui by tests/vectors/sd_jwt/make_mutations.py; nobody's data"


def render() -> dict[str, str]:
    """Return each file's name and its whole text."""
    return {
        name: with_certificates("dongui-sd-jwt-vectors/1", list(vectors()), entry=_entry)
        for name, vectors in _FILES.items()
    }


def _entry(vector: Vector) -> dict[str, object]:
    judging = vector.judging
    clause, rule = RULES[vector.expect]
    lists = {"revocation_lists": [one.hex() for one in judging.revocation_lists]}
    return {
        "name": vector.name,
        "expect": vector.expect,
        "stage": vector.stage,
        "clause": clause,
        "rule": rule,
        # Latin-1: one character for each byte, for the vector that is no ASCII.
        "document": vector.document.decode("latin-1"),
        "anchors": [short(anchor) for anchor in judging.anchors],
        "metadata": judging.metadata,
        "accepted_types": list(judging.accepted_types),
        "at": judging.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "nonce": judging.nonce,
        "audience": judging.audience,
        **(lists if judging.revocation_lists else {}),
        "provenance": _PROVENANCE,
        "licence": LICENCE,
    }
