"""Whether a document still holds: status lists its issuer keeps (Token Status List)."""

from dongui.documents.status.evidence import StatusEvidence, StatusReference, VerifiedStatus

__all__ = ["StatusEvidence", "StatusReference", "VerifiedStatus"]
