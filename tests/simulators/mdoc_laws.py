"""What must hold of any document accepted in place of another one."""

from __future__ import annotations

from dataclasses import replace

from dongui.documents.authenticated import AuthenticatedDocument, Treatment

__all__ = ["says_nothing_new"]


def says_nothing_new(answer: AuthenticatedDocument, original: AuthenticatedDocument) -> bool:
    """Whether ``answer`` shows no more, as verified, than ``original``, and is otherwise the same.

    Elements may be withheld: that is the holder's right, and with them portrait or subject. Unverified
    elements may be added: they are told as such, and nothing uses them.
    """
    verified = [element for element in answer.elements if element.treatment is Treatment.VERIFIED]
    same = replace(answer, elements=original.elements, portrait=original.portrait, subject=original.subject)
    return (
        all(element in original.elements for element in verified)
        and answer.portrait in (original.portrait, None)
        and answer.subject in (original.subject, None)
        and same == original
    )
