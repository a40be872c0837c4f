"""One thing has one name in Korean, too: on the receipt, at the terminal, in the story and in the report."""

from __future__ import annotations

from pathlib import Path

import pytest

import dongui

SOURCE = Path(dongui.__file__).parent
TEXTS = [path for path in SOURCE.rglob("*") if path.suffix in {".py", ".toml", ".j2", ".md"}]


@pytest.mark.parametrize(
    ("said", "instead"),
    [("동작점", "판정 기준"), ("수령증", "영수증")],
    ids=["operating-point", "receipt"],
)
def test_one_thing_has_one_name(said: str, instead: str) -> None:
    """Whoever reads "operating point" on a receipt has to find that very word in the report about it."""
    texts = [path.read_text(encoding="utf-8") for path in TEXTS]
    assert [path.name for path, text in zip(TEXTS, texts, strict=True) if said in text] == []
    assert any(instead in text for text in texts)
