"""Who asks: proved with the person's key or an authenticated document, never with a picture.

Somebody else's key, a document of another, an id that is nobody's, somebody erased: one refusal, in the same
words, after the same work. So asking tells nobody whether a person is known here.
"""

from __future__ import annotations

from hmac import compare_digest

from dongui.custody.person_keys import KEY_BYTES, Keeper, PersonKey
from dongui.errors import Refused

__all__ = ["prove_by_document", "prove_by_key"]

_NOBODYS = bytes(KEY_BYTES)


def prove_by_key(person: bytes, presented: PersonKey, keys: Keeper) -> None:
    """Compare the key somebody holds with the one kept for ``person``.

    Raises ``Refused`` (``rights.identity-not-proved``).
    """
    kept = keys.key_of(person)
    wanted = (_NOBODYS * 2) if kept is None else kept.secret.key + kept.secret.blind
    same = compare_digest(wanted, presented.secret.key + presented.secret.blind)
    if kept is None or not same:
        raise Refused("rights.identity-not-proved", "what was presented does not speak for this person")


def prove_by_document(person: bytes, subject: bytes, keys: Keeper) -> None:
    """Compare whom a document speaks for; ``subject`` is that of a document held by its own holder.

    Raises as :func:`prove_by_key`: a document that speaks for nobody here has a key that is nobody's.
    """
    prove_by_key(person, keys.key_by_document(subject), keys)
