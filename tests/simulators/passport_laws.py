"""What must hold whatever is presented: a changed passport is refused, or says what it said before."""

from __future__ import annotations

from dongui.documents.authenticated import AuthenticatedDocument

__all__ = ["says_nothing_new"]


def says_nothing_new(found: AuthenticatedDocument, expected: AuthenticatedDocument) -> bool:
    """Whether everything a verification goes on with is the same."""
    return (
        found.elements == expected.elements
        and found.portrait == expected.portrait
        and found.subject == expected.subject
        and found.issuer_signed == expected.issuer_signed
        and found.issuer == expected.issuer
        and found.holder_binding == expected.holder_binding
        and (found.signed_at, found.valid_until) == (expected.signed_at, expected.valid_until)
    )
