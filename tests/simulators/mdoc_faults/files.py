"""The vectors as files: JSON, bytes in hex, everything a verifier needs beside every document."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from simulators.mdoc_faults.device import device_faults
from simulators.mdoc_faults.encoding import encoding_faults
from simulators.mdoc_faults.issuer import issuer_faults
from simulators.mdoc_faults.revocation import revocation_lists
from simulators.mdoc_faults.rules import RULES
from simulators.mdoc_faults.sound import sound_documents
from simulators.mdoc_faults.structure import structure_faults
from simulators.mdoc_faults.trust import trust_faults
from simulators.mdoc_faults.vector import Vector
from simulators.vector_writing import LICENCE, short, with_certificates

__all__ = ["render"]

_FILES: dict[str, Callable[[], Iterator[Vector]]] = {
    "sound.json": sound_documents,
    "encoding.json": encoding_faults,
    "structure.json": structure_faults,
    "trust.json": trust_faults,
    "issuer.json": issuer_faults,
    "device.json": device_faults,
    "revocation.json": revocation_lists,
}
_PROVENANCE = "made for Dongui by tests/vectors/mdoc/make_mutations.py; nobody's data"


def render() -> dict[str, str]:
    """Return each file's name and its whole text."""
    return {
        name: with_certificates("dongui-mdoc-vectors/1", list(vectors()), entry=_entry)
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
        "document": vector.document.hex(),
        "anchors": [short(anchor) for anchor in judging.anchors],
        "at": judging.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "session_transcript": None if judging.transcript is None else judging.transcript.hex(),
        "reader_key": None if judging.reader_key is None else _private(judging.reader_key),
        **(lists if judging.revocation_lists else {}),
        "provenance": _PROVENANCE,
        "licence": LICENCE,
    }


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()
