"""Putting the disclosed claims where the issuer meant them (RFC 9901, 7.1, step 3 to 5).

Each digest stands once, each disclosure is meant by one digest, and nothing that is shown could have been put
there by the holder. A digest without a disclosure is a claim held back, or a decoy: nobody can tell which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dongui.documents.sd_jwt.claims import label
from dongui.documents.sd_jwt.reading import Disclosure
from dongui.encoding.strict_json import JsonObject, JsonValue
from dongui.errors import Refused

__all__ = ["Resolved", "resolve"]

_DIGESTS, _PLACEHOLDER, _HASH_NAME = "_sd", "...", "_sd_alg"
# Disclosures can hold digests of further disclosures, so their depths add up.
_MAX_DEPTH = 24
# SD-JWT VC, "Registered JWT Claims": what a verifier decides by may not be the holder's to show or hide.
_ALWAYS_SHOWN = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})


@dataclass(frozen=True, slots=True)
class Resolved:
    """The processed payload. ``disclosed`` are the names of its own members that disclosures brought.

    ``used`` maps the digest of every disclosure to the member of the payload it ended up under.
    """

    claims: JsonObject = field(repr=False)
    disclosed: frozenset[str]
    used: Mapping[str, str] = field(repr=False)


def resolve(payload: JsonObject, disclosures: Sequence[Disclosure]) -> Resolved:
    """Return the payload with its disclosures in place.

    Raises ``Refused``: ``sd-jwt.digest-repeated``, ``sd-jwt.disclosure-unreferenced``,
    ``sd-jwt.disclosure-misplaced``, ``sd-jwt.claim-name-reserved``, ``sd-jwt.claim-repeated``,
    ``sd-jwt.claim-not-disclosable``, ``sd-jwt.digests-malformed``, ``sd-jwt.too-deep``.
    """
    walk = _Walk(disclosures)
    claims: JsonObject = {}
    disclosed: set[str] = set()
    for name, value, shown_by_holder in walk.members(payload, top=True):
        # 3 c iii 3: no name twice at one level.
        if name in claims:
            raise Refused("sd-jwt.claim-repeated", f"{label(name)} stands there twice")
        if shown_by_holder:
            disclosed.add(name)
        walk.under = name
        before = len(walk.used)
        claims[name] = walk.value(value, depth=1)
        if name in _ALWAYS_SHOWN and (shown_by_holder or len(walk.used) != before):
            raise Refused("sd-jwt.claim-not-disclosable", f"{name} was disclosed; it must always be shown")
    # 5: every disclosure was meant by a digest. The attack: a claim of one's own appended to the document.
    if left := len(walk.by_digest) - len(walk.used):
        raise Refused("sd-jwt.disclosure-unreferenced", f"{left} disclosure(s) no digest stands for")
    return Resolved(claims, frozenset(disclosed), walk.used)


class _Walk:
    """One pass through the payload; it remembers every digest it has met."""

    def __init__(self, disclosures: Sequence[Disclosure]) -> None:
        self.by_digest = {disclosure.digest: disclosure for disclosure in disclosures}
        self.used: dict[str, str] = {}
        self.under = ""
        self._met: set[str] = set()

    def value(self, value: JsonValue, *, depth: int) -> JsonValue:
        if depth > _MAX_DEPTH:
            raise Refused("sd-jwt.too-deep", f"more than {_MAX_DEPTH} levels, disclosures included")
        if isinstance(value, list):
            return self._array(value, depth)
        if isinstance(value, dict):
            return self._object(value, depth)
        return value

    def members(self, value: JsonObject, *, top: bool) -> list[tuple[str, JsonValue, bool]]:
        """An object's own members, then those its digests stand for; the flag says which."""
        if _PLACEHOLDER in value or (_HASH_NAME in value and not top):
            raise Refused(
                "sd-jwt.claim-name-reserved", f"{_PLACEHOLDER} or {_HASH_NAME} is no name of a claim"
            )
        own = [(name, item, False) for name, item in value.items() if name not in (_DIGESTS, _HASH_NAME)]
        return own + [self._named(digest, top) for digest in self._digests(value) if digest in self.by_digest]

    def _object(self, value: JsonObject, depth: int) -> JsonObject:
        found: JsonObject = {}
        for name, item, _ in self.members(value, top=False):
            if name in found:
                raise Refused("sd-jwt.claim-repeated", f"{label(name)} stands there twice")
            found[name] = self.value(item, depth=depth + 1)
        return found

    def _array(self, value: list[JsonValue], depth: int) -> list[JsonValue]:
        found: list[JsonValue] = []
        for item in value:
            if not (isinstance(item, dict) and _PLACEHOLDER in item):
                found.append(self.value(item, depth=depth + 1))
                continue
            digest = item[_PLACEHOLDER]
            # 4.2.4.2: exactly one member, and nothing beside it.
            if not isinstance(digest, str) or len(item) != 1:
                raise Refused(
                    "sd-jwt.digests-malformed", f"{_PLACEHOLDER} must be a digest that stands alone"
                )
            self._meet(digest)
            # 3 d: the place of an element that is held back is left out.
            if digest in self.by_digest:
                found.append(self.value(self._element(digest), depth=depth + 1))
        return found

    def _digests(self, value: JsonObject) -> list[str]:
        listed = value.get(_DIGESTS, [])
        if not isinstance(listed, list):
            raise Refused("sd-jwt.digests-malformed", f"{_DIGESTS} is not an array of digests")
        for digest in listed:
            self._meet(digest)
        return [digest for digest in listed if isinstance(digest, str)]

    def _meet(self, digest: JsonValue) -> None:
        if not isinstance(digest, str):
            raise Refused("sd-jwt.digests-malformed", f"{_DIGESTS} is not an array of digests")
        # 4: a digest stands once, or one disclosure could mean two things.
        if digest in self._met:
            raise Refused("sd-jwt.digest-repeated", "a digest stands in the document twice")
        self._met.add(digest)

    def _named(self, digest: str, top: bool) -> tuple[str, JsonValue, bool]:
        disclosure = self.by_digest[digest]
        # 3 c ii 1 and 2: three elements here, and a name that means nothing else.
        if disclosure.name is None:
            raise Refused("sd-jwt.disclosure-misplaced", "an array's element stands where a claim must")
        if disclosure.name in (_DIGESTS, _PLACEHOLDER, _HASH_NAME):
            raise Refused("sd-jwt.claim-name-reserved", f"a disclosure is named {disclosure.name}")
        self.used[digest] = disclosure.name if top else self.under
        return disclosure.name, disclosure.value, True

    def _element(self, digest: str) -> JsonValue:
        disclosure = self.by_digest[digest]
        # 3 c iii 1: two elements here.
        if disclosure.name is not None:
            raise Refused("sd-jwt.disclosure-misplaced", "a claim stands where an array's element must")
        self.used[digest] = self.under
        return disclosure.value
