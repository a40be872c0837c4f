"""The published page and the program say the same of the tables, the reasons and the packs."""

from __future__ import annotations

import re
from pathlib import Path

from dongui.custody.rule_pack import rule_packs
from dongui.custody.schema import COLUMNS, FORMATS, REASONS, Metadata
from dongui.errors import failures

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "spec/consent-snapshot.md").read_text(encoding="utf-8")
PACKS = (ROOT / "docs/explanation/rule-packs.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    return SPEC.split(f"## {name}\n")[1].split("\n## ")[0]


def test_the_columns_are_the_programs_in_order() -> None:
    """Name and type of every column of both tables."""
    for title, kind in (("Record index", "records"), ("Consent snapshot", "consents")):
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", section(title), re.MULTILINE)
        assert dict(rows) == COLUMNS[kind]
        assert [name for name, _ in rows] == list(COLUMNS[kind])
        assert FORMATS[kind] in section(title)


def test_the_reasons_are_the_programs_in_order() -> None:
    """Code and name of every reason."""
    rows = re.findall(r"^\| (\d+) \| `([\w.-]+)` \|", section("What is decided"), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == list(enumerate(REASONS, start=1))


def test_the_metadata_and_faults_are_the_programs() -> None:
    """Every key a file has, and only faults that exist."""
    keys = re.findall(r"^\| `(dongui\.[\w-]+)` \|", section("Metadata"), re.MULTILINE)
    assert set(keys) == set(Metadata) - {Metadata.REASONS}
    named = re.findall(r"`([a-z-]+)`", section("Faults"))
    assert {f"snapshot.{name}" for name in named} <= failures().keys()


def test_every_pack_ground_and_article_is_explained() -> None:
    """Nothing a pack rests on is missing from the page its reader gets."""
    for pack in rule_packs().values():
        part = PACKS.split(f"## {pack.id}\n")[1].split("\n## ")[0]
        assert str(pack.in_force_from.year) in PACKS
        for ground in pack.grounds.values():
            assert f"| `{ground.id}` |" in part
        for article in pack.articles.keys() - {"4", "28", "45", "46", "89"}:
            assert re.search(rf"^\|.*\b{re.escape(article)}\b.*\|", part, re.MULTILINE), (pack.id, article)
