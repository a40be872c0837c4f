"""Attack detection's figures as JSON and back: format 1 of spec/assessment-report.md."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from dongui.assessment.attack_rates import AttackResult, SpeciesResult
from dongui.assessment.json_fields import Fields
from dongui.assessment.result_json import JsonValue
from dongui.errors import Misuse

__all__ = ["attack_json", "read_attacks", "write_attacks"]

_FORMAT: Final = 1


def write_attacks(result: AttackResult) -> str:
    """Return the JSON text, ending in a newline."""
    return json.dumps(attack_json(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def attack_json(result: AttackResult) -> dict[str, JsonValue]:
    """Return the figures as format 1 has them."""
    return {
        "format": _FORMAT,
        "kind": "attacks",
        "made_at": result.made_at.isoformat(),
        "method": result.method,
        "pipeline_sha256": result.pipeline_sha256,
        "confidence": result.confidence,
        "species": [_species(one, result.confidence, "apcer") for one in result.species],
        "bona_fide": None
        if result.bona_fide is None
        else _species(result.bona_fide, result.confidence, "bpcer"),
    }


def _species(one: SpeciesResult, confidence: float, rate: str) -> dict[str, JsonValue]:
    return {
        "species": one.species,
        "attempts": one.attempts,
        "live": one.live,
        "attack": one.attack,
        "undetermined": one.undetermined,
        rate: one.errors / one.attempts,
        "interval": list(one.interval(confidence)),
        "undetermined_interval": list(one.undetermined_interval(confidence)),
        "reasons": dict(one.reasons),
    }


def read_attacks(text: str) -> AttackResult:
    """Read what :func:`write_attacks` wrote. Raises ``Misuse`` (``assessment.result-malformed``)."""
    try:
        content = json.loads(text)
        result = _read(Fields(content))
        # What does not come back as it was read holds something that nobody looked at.
        same = attack_json(result) == content
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, RecursionError) as error:
        detail = f"it cannot be read as attacks: {type(error).__name__}"
        raise Misuse("assessment.result-malformed", detail) from None
    if not same:
        raise Misuse("assessment.result-malformed", f"it is not attacks of format {_FORMAT}")
    return result


def _read(fields: Fields) -> AttackResult:
    bona_fide = fields.optional("bona_fide")
    return AttackResult(
        datetime.fromisoformat(fields.text("made_at")),
        fields.text("method"),
        fields.text("pipeline_sha256"),
        fields.number("confidence"),
        tuple(_read_species(one) for one in fields.several("species")),
        None if bona_fide is None else _read_species(bona_fide),
    )


def _read_species(fields: Fields) -> SpeciesResult:
    return SpeciesResult(
        fields.text("species"),
        fields.whole("attempts"),
        fields.whole("live"),
        fields.whole("attack"),
        fields.whole("undetermined"),
        fields.counts("reasons"),
    )
