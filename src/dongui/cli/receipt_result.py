"""A receipt's statement as JSON, by the names of ``spec/receipt.md``."""

from __future__ import annotations

from dongui.cli.output import JsonValue
from dongui.receipts.statement import Capture, Comparison, Document, SetOperatingPoint, Statement

__all__ = ["operating_point_result", "statement_result"]


def statement_result(statement: Statement) -> dict[str, JsonValue]:
    """Return every field of a statement but its blind; bytes in hexadecimal, what does not apply as null."""
    way, judged_at = statement.other_way, statement.judged_at
    point = statement.operating_point
    return {
        "format": statement.format,
        "receipt_id": statement.receipt_id.hex(),
        "controller": statement.controller.id,
        "session_binding": statement.session_binding.hex(),
        "purpose": statement.purpose,
        "notice_version": statement.notice_version,
        "consent_reference": statement.consent_reference.hex(),
        "document": None if statement.document is None else _document(statement.document),
        "outcome": statement.outcome.name.lower(),
        "reason": statement.reason,
        "other_way": None if way is None else {"ko": way.ko, "en": way.en},
        "operating_point": None if point is None else _operating_point(point),
        "comparison": None if statement.comparison is None else _comparison(statement.comparison),
        "capture": None if statement.capture is None else _capture(statement.capture),
        "kept": statement.kept.name.lower().replace("_", "-"),
        "issued_at": statement.issued_at.isoformat(),
        "judged_at": None if judged_at is None else judged_at.isoformat(),
    }


def operating_point_result(statement: Statement) -> dict[str, JsonValue]:
    """Return what the verification was set to use, however early it ended, and whether it compared at all."""
    point = statement.operating_point
    return {
        "operating_point": None if point is None else point.name,
        "assessed_for_use": None if point is None else point.assessed,
        "compared": statement.comparison is not None,
    }


def _document(document: Document) -> dict[str, JsonValue]:
    return {
        "kind": document.kind,
        "type": document.type,
        "digest": document.digest.hex(),
        "holder_binding": document.holder_binding.value,
    }


def _operating_point(point: SetOperatingPoint) -> dict[str, JsonValue]:
    return {"name": point.name, "assessed": point.assessed}


def _comparison(comparison: Comparison) -> dict[str, JsonValue]:
    return {
        "card": comparison.card,
        "card_digest": comparison.card_digest.hex(),
    }


def _capture(capture: Capture) -> dict[str, JsonValue]:
    return {"channel": capture.channel.name.lower(), "attack_detection": capture.attack_detection}
