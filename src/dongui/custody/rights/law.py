"""What laws say about requests: each right's articles and term, and the grounds to refuse one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from dongui.custody.rights.due_dates import Term
from dongui.custody.rights.kinds import Right
from dongui.errors import Misuse

__all__ = ["Law", "RefusalGround", "RightTerms", "law", "laws"]


@dataclass(frozen=True, slots=True)
class RightTerms:
    """One right under one law. ``extension`` None: it cannot be extended.

    ``postponable`` names the article under which access may be put off for a just reason, without a term of
    its own, or is empty.
    """

    articles: str
    term: Term
    extension: Term | None
    postponable: str


@dataclass(frozen=True, slots=True)
class RefusalGround:
    """A ground on which some rights may be refused."""

    id: str
    articles: str
    rights: frozenset[Right]
    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class Law:
    """A law, named by its source and date. ``zone`` is empty where each controller has its own."""

    id: str
    source: str
    in_force_from: date
    zone: str
    counting: str
    rights: Mapping[Right, RightTerms]
    grounds: Mapping[str, RefusalGround]

    def ground(self, ground_id: str, right: Right) -> RefusalGround:
        """Return a ground for refusing ``right``. Raises ``Misuse`` (``rights.no-such-ground``)."""
        found = self.grounds.get(ground_id)
        if found is None or right not in found.rights:
            known = ", ".join(one.id for one in self.grounds.values() if right in one.rights) or "none"
            raise Misuse("rights.no-such-ground", f"{self.id} has for {right.value}: {known}")
        return found


@cache
def laws() -> Mapping[str, Law]:
    """Return the laws that ship with Dongui, by id."""
    folder = resources.files("dongui.custody.rights.laws")
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]
    found = [_read(tomllib.loads(text)) for text in texts]
    return {one.id: one for one in sorted(found, key=lambda each: each.id)}


def law(law_id: str) -> Law:
    """Return one law. Raises ``Misuse`` (``rights.unknown-law``)."""
    found = laws().get(law_id)
    if found is None:
        raise Misuse("rights.unknown-law", f"{law_id[:60]!r}; known are {', '.join(laws())}")
    return found


Table = Mapping[str, object]


def _read(content: Mapping[str, object]) -> Law:
    begin = content["in_force_from"]
    if type(begin) is not date:
        raise TypeError("in_force_from is no date")
    return Law(
        id=_text(content, "id"),
        source=_text(content, "source"),
        in_force_from=begin,
        zone=_text(content, "zone"),
        counting=_text(content, "counting"),
        rights={Right(_text(one, "kind")): _terms(one) for one in _tables(content, "right")},
        grounds={_text(one, "id"): _ground(one) for one in _tables(content, "ground")},
    )


def _terms(one: Table) -> RightTerms:
    days, months = _number(one, "extension_days"), _number(one, "extension_months")
    return RightTerms(
        _text(one, "articles"),
        Term(_number(one, "days"), _number(one, "months")),
        Term(days, months) if days or months else None,
        _text(one, "postponable") if "postponable" in one else "",
    )


def _ground(one: Table) -> RefusalGround:
    rights = one["rights"]
    if not isinstance(rights, list):
        raise TypeError("rights is no list")
    return RefusalGround(
        _text(one, "id"),
        _text(one, "articles"),
        frozenset(map(Right, rights)),
        _text(one, "en"),
        _text(one, "ko"),
    )


def _tables(content: Table, key: str) -> list[Table]:
    found = content[key]
    if not isinstance(found, list):
        raise TypeError(f"{key} is no list of tables")
    return found


def _text(one: Table, key: str) -> str:
    value = one[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def _number(one: Table, key: str) -> int:
    value = one.get(key, 0)
    if not isinstance(value, int):
        raise TypeError(f"{key} is no number")
    return value
