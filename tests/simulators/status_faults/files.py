"""The vectors as a file, with one rule for each name."""

from __future__ import annotations

import json

from simulators.status_faults.vectors import Vector, vectors

__all__ = ["RULES", "render"]

_TSL = "Token Status List"
RULES: dict[str, tuple[str, str]] = {
    "verified": (f"{_TSL}, Validation Rules", "The newest list that holds says that the document is valid."),
    "status.list-missing": (
        f"{_TSL}, Validation Rules, 2; Dongui",
        "A list that can be read, whose sub is the reference's URI, is on file.",
    ),
    "status.list-malformed": (
        f"{_TSL}, Validation Rules, 5",
        "The statuses are one zlib stream, whole, and of bounded size.",
    ),
    "status.list-signature-invalid": (
        f"{_TSL}, Status List Token, rule 2",
        "The list is signed by the document's issuer, or by the signer it names.",
    ),
    "status.list-signer-unknown": (
        f"{_TSL}, Key Resolution; RFC 5280, 6.1",
        "The signer's certificate leads to an anchor given for lists.",
    ),
    "status.list-expired": (f"{_TSL}, Validation Rules, 4 c", "The moment lies before exp."),
    "status.list-stale": (
        f"{_TSL}, Validation Rules, 4 b and 4 d",
        "The list is not older than the verifier's limit, nor the copy than its ttl.",
    ),
    "status.list-from-future": (
        "RFC 7519, 4.1.6; Dongui",
        "The list was not issued more than five minutes from now.",
    ),
    "status.revoked": (f"{_TSL}, Status Types, 0x01", "A document that is INVALID is refused."),
    "status.suspended": (f"{_TSL}, Status Types, 0x02", "A document that is SUSPENDED is refused."),
    "status.value-unknown": (
        f"{_TSL}, Status Types",
        "A value the verifier has no meaning for decides nothing.",
    ),
    "status.index-out-of-range": (
        f"{_TSL}, Validation Rules, 6",
        "Beyond the list's end nothing is said about a document.",
    ),
}
_PROVENANCE = "made for Dongui by tests/vectors/status/make_mutations.py; nobody's data"


def render() -> dict[str, str]:
    """Return the file's name and its whole text."""
    content = {"format": "dongui-status-vectors/1", "vectors": [_entry(vector) for vector in vectors()]}
    return {"status-lists.json": json.dumps(content, indent=1, ensure_ascii=True) + "\n"}


def _entry(vector: Vector) -> dict[str, object]:
    judging = vector.judging
    clause, rule = RULES[vector.expect]
    fetched = judging.fetched_at
    return {
        "name": vector.name,
        "expect": vector.expect,
        "stage": vector.stage,
        "clause": clause,
        "rule": rule,
        "lists": [content.hex() for content in vector.lists],
        "reference": {"uri": judging.uri, "idx": judging.index},
        "issuer_keys": [key.hex() for key in judging.issuer_keys],
        "anchors": [anchor.hex() for anchor in judging.anchors],
        "max_age_seconds": int(judging.max_age.total_seconds()),
        "fetched_at": None if fetched is None else fetched.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "at": judging.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provenance": _PROVENANCE,
        "licence": "Apache-2.0",
    }
