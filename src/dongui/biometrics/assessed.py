"""What an operating point carries of the assessment it came from: a report's digest, and its card in words.

Both go into the digest that stands on a receipt. So a person who holds one can later ask to see the very
report their verification relied on.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Final

from dongui.biometrics.cards import ModelCard
from dongui.encoding import cbor

__all__ = ["MAX_CARD_CHARACTERS", "Assessed", "digest_on_receipts"]

MAX_CARD_CHARACTERS: Final = 4_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Assessed:
    """``sha256``: of report.json, hexadecimal; ``card_en`` and ``card_ko``: what it says, in a few lines.

    ``ValueError`` for a digest that is none, and for a card that is blank, too long or not plain text.
    """

    sha256: str
    card_en: str
    card_ko: str

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("sha256 is 64 of 0-9 and a-f")
        for card in (self.card_en, self.card_ko):
            if not card.strip() or len(card) > MAX_CARD_CHARACTERS:
                raise ValueError(f"a card has 1 to {MAX_CARD_CHARACTERS} characters")
            # It is printed on terminals: nothing in it moves a cursor or turns the reading direction.
            if not card.replace("\n", "").isprintable():
                raise ValueError("a card is plain text")


def digest_on_receipts(card: ModelCard, assessed: Assessed | None) -> bytes:
    """Return the SHA-256 a receipt names, 32 bytes: of the card alone, or of it with its assessment."""
    if assessed is None:
        return card.digest
    return hashlib.sha256(cbor.dumps({"assessment": asdict(assessed), "card": asdict(card)})).digest()
