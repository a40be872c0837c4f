"""Rule packs: a law, the date from which its text was in force, its grounds, and its rules in Cedar.

A pack is chosen by its id; there is no default. Whatever a pack says, ``core.cedar`` stands before it: a
``forbid`` there overrides every ``permit`` of the pack.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import cast

import cedarpy

from dongui.consent.fields import Localised, Table
from dongui.custody.grounds import Ground, GroundRecord
from dongui.custody.schema import REASONS
from dongui.errors import Misuse

__all__ = [
    "CONSENT",
    "Policy",
    "RulePack",
    "core_text",
    "facts_schema",
    "read_pack",
    "rule_pack",
    "rule_packs",
    "shipped_digests",
]

CONSENT = "consent"
"""What the ground is called where it is the person's own consent."""

Json = Mapping[str, "Json"] | list["Json"] | str | int | bool | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule. ``reason`` is "" for a permit; ``tree`` is Cedar's own JSON form of it."""

    id: str
    effect: str
    reason: str
    article: str
    tree: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class RulePack:
    """One pack. ``text`` is what a lawyer reads; ``policies`` the same, parsed, the core's rules first."""

    id: str
    name: Localised
    source: str
    in_force_from: date
    articles: Mapping[str, str]
    grounds: Mapping[str, Ground]
    transfers: Mapping[str, Ground]
    text: str
    policies: tuple[Policy, ...]

    @property
    def whole_text(self) -> str:
        """The core's rules and the pack's: what is evaluated."""
        return f"{core_text()}\n{self.text}"

    @property
    def digest(self) -> str:
        """SHA-256 of :attr:`whole_text`, in hexadecimal: what a manifest names the rules by."""
        return sha256(self.whole_text.encode()).hexdigest()

    def require_in_force(self, moment: datetime) -> None:
        """Raise ``Misuse`` ``ground.pack-not-in-force`` for a moment before the law was in force."""
        begin = datetime(
            self.in_force_from.year, self.in_force_from.month, self.in_force_from.day, tzinfo=UTC
        )
        if moment < begin:
            detail = f"{self.id} is in force from {self.in_force_from}; asked for {moment:%Y-%m-%d}"
            raise Misuse("ground.pack-not-in-force", detail)

    @classmethod
    def parse(cls, description: str, text: str) -> RulePack:
        """Read a pack from its TOML and its Cedar text.

        Raises ``Misuse`` ``ground.pack-malformed``: a field missing, a rule that does not parse or does not
        validate against ``facts.cedarschema``, a refusal without a known reason or an article.
        """
        table = _read_table(description)
        in_force_from, articles = table.value("in_force_from"), table.value("articles")
        if type(in_force_from) is not date or not isinstance(articles, dict):
            raise _malformed("in_force_from must be a date, articles a table")
        pack_id, name, source = table.text("id"), table.localised("name"), table.text("source")
        grounds, transfers = _grounds(table, "ground"), _grounds(table, "transfer")
        table.end()
        return cls(
            id=pack_id,
            name=name,
            source=source,
            in_force_from=in_force_from,
            articles={str(key): str(value) for key, value in articles.items()},
            grounds=grounds,
            transfers=transfers,
            text=text,
            policies=_policies(text),
        )


@cache
def rule_packs() -> Mapping[str, RulePack]:
    """Return the packs that ship with Dongui, by id."""
    folder = resources.files("dongui.custody.rule_packs")
    names = sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".toml"))
    packs = [RulePack.parse(_read(f"{name}.toml"), _read(f"{name}.cedar")) for name in names]
    return {pack.id: pack for pack in packs}


def rule_pack(pack_id: str) -> RulePack:
    """Return one shipped pack. Raises ``Misuse`` ``ground.unknown-pack``."""
    pack = rule_packs().get(pack_id)
    if pack is None:
        raise Misuse("ground.unknown-pack", f"{pack_id!r}; known are {', '.join(rule_packs())}")
    return pack


def read_pack(path: Path) -> RulePack:
    """Read a pack of one's own: its description, and the rules of the same name ending in ``.cedar``.

    Raises ``Misuse``: ``file.not-found``, ``ground.pack-malformed``.
    """
    files = (path, path.with_suffix(".cedar"))
    for file in files:
        if not file.is_file():
            raise Misuse("file.not-found", str(file))
    try:
        description, text = (file.read_text(encoding="utf-8") for file in files)
    except (OSError, UnicodeDecodeError) as error:
        raise _malformed(f"it cannot be read: {type(error).__name__}") from None
    return RulePack.parse(description, text)


@cache
def shipped_digests() -> frozenset[str]:
    """Return the digests of the shipped packs' whole texts, in hexadecimal."""
    return frozenset(pack.digest for pack in rule_packs().values())


@cache
def core_text() -> str:
    """Return the rules that stand before every pack, in Cedar."""
    return _read("core.cedar")


@cache
def facts_schema() -> str:
    """Return what rules may ask about, as a Cedar schema."""
    return _read("facts.cedarschema")


def _read(name: str) -> str:
    return resources.files("dongui.custody.rule_packs").joinpath(name).read_text(encoding="utf-8")


def _read_table(description: str) -> Table:
    try:
        return Table(tomllib.loads(description), "", _malformed)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(f"its description is no TOML: {error}") from None


def _malformed(detail: str) -> Misuse:
    return Misuse("ground.pack-malformed", detail)


def _policies(text: str) -> tuple[Policy, ...]:
    whole = f"{core_text()}\n{text}"
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(whole))
    except ValueError as error:
        raise _malformed(f"its rules do not parse: {error}") from None
    # Validated strictly: a rule that could fail while evaluated would be passed over, a refusal with it.
    checked = cedarpy.validate_policies(whole, facts_schema())
    if not checked.validation_passed:
        raise _malformed("; ".join(error.error for error in checked.errors)[:400])
    if parsed["templates"] or parsed["templateLinks"]:
        raise _malformed("it holds a template; a rule names what it is about")
    policies = [_policy(tree) for tree in parsed["staticPolicies"].values()]
    _require_distinct(policies)
    return tuple(policies)


def _policy(tree: Mapping[str, Json]) -> Policy:
    annotations = cast("Mapping[str, str]", tree.get("annotations", {}))
    policy = Policy(
        id=annotations.get("id", ""),
        effect=str(tree["effect"]),
        reason=annotations.get("reason", ""),
        article=annotations.get("article", ""),
        tree=tree,
    )
    if not policy.id or not policy.article:
        raise _malformed(f"rule {policy.id!r} needs an @id and an @article")
    if policy.effect == "forbid" and policy.reason not in REASONS:
        raise _malformed(f"rule {policy.id} refuses without a known @reason: {policy.reason!r}")
    return policy


def _require_distinct(policies: Iterable[Policy]) -> None:
    ids = [policy.id for policy in policies]
    if len(ids) != len(set(ids)):
        raise _malformed("two rules have one @id")


def _grounds(table: Table, key: str) -> dict[str, Ground]:
    grounds = {ground.id: ground for ground in map(_ground, table.tables(key))}
    if CONSENT in grounds:
        raise _malformed(f"a ground other than consent cannot be called {CONSENT!r}")
    return grounds


def _ground(entry: Table) -> Ground:
    record = entry.text("record")
    if record not in set(GroundRecord):
        raise _malformed(f"a ground's record is one of {', '.join(GroundRecord)}")
    ground = Ground(
        id=entry.text("id"),
        name=entry.localised("name"),
        articles=entry.text("articles"),
        record=GroundRecord(record),
        own_consent=entry.boolean("own_consent") if entry.has("own_consent") else False,
        compels=entry.boolean("compels") if entry.has("compels") else False,
        needs_pseudonym=entry.boolean("needs_pseudonym") if entry.has("needs_pseudonym") else False,
    )
    entry.end()
    return ground
