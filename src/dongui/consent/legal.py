"""The legal grounds a purpose may name, by pack: the law and the date of the text it was read from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from dongui.consent.fields import Localised, Table
from dongui.errors import DonguiError, Misuse

__all__ = ["LegalGround", "LegalPack", "faults_of_grounds", "legal_packs"]


@dataclass(frozen=True, slots=True)
class LegalGround:
    """What a purpose names: a pack ("PIPA_2025_10") and articles of it ("15(1)1")."""

    pack: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LegalPack:
    """One law as Dongui knows it. ``required`` are the articles consent to face processing rests on."""

    id: str
    name: Localised
    source: str
    required: tuple[str, ...]
    articles: tuple[str, ...]


@cache
def legal_packs() -> dict[str, LegalPack]:
    """Return every pack by its id."""
    text = resources.files("dongui.consent").joinpath("legal_grounds.toml").read_text(encoding="utf-8")
    table = Table(tomllib.loads(text), "legal_grounds.", lambda detail: Misuse("purpose.malformed", detail))
    packs = [_pack(entry) for entry in table.tables("pack")]
    table.end()
    return {pack.id: pack for pack in packs}


def faults_of_grounds(grounds: tuple[LegalGround, ...]) -> list[DonguiError]:
    """Return what is wrong: ``purpose.unknown-legal-ground``, ``purpose.legal-ground-incomplete``.

    A face processed to tell who somebody is is sensitive information under every pack, so the general
    ground never suffices: the article on sensitive information, with its separate consent, is named too.
    """
    if not grounds:
        return [Misuse("purpose.unknown-legal-ground", f"none is named; known are {_known()}")]
    return [fault for ground in grounds for fault in _faults_of_ground(ground)]


def _faults_of_ground(ground: LegalGround) -> list[DonguiError]:
    pack = legal_packs().get(ground.pack)
    if pack is None:
        return [Misuse("purpose.unknown-legal-ground", f"{ground.pack}; known are {_known()}")]
    faults: list[DonguiError] = [
        Misuse("purpose.unknown-legal-ground", f"article {article} is no ground of {pack.id}")
        for article in ground.articles
        if article not in pack.articles
    ]
    lacking = [article for article in pack.required if article not in ground.articles]
    if lacking:
        detail = f"{pack.id} asks also for article {', '.join(lacking)}"
        faults.append(Misuse("purpose.legal-ground-incomplete", detail))
    return faults


def _known() -> str:
    return ", ".join(sorted(legal_packs()))


def _pack(entry: Table) -> LegalPack:
    required = entry.texts("required")
    pack = LegalPack(
        id=entry.text("id"),
        name=entry.localised("name"),
        source=entry.text("source"),
        required=required,
        articles=(*required, *entry.texts("also")),
    )
    entry.end()
    return pack
