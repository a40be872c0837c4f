"""Model cards: what is known of a model, and what is not. No model runs without one."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources

from dongui.encoding import cbor
from dongui.errors import Misuse, Trouble

__all__ = ["ModelCard", "card", "cards", "require_digest"]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's origin and limits. What is not known is the word ``unknown``, never a blank.

    ``consent_of_its_people`` says whether the people in the training pictures were asked: ``obtained``,
    ``not obtained``, ``nobody depicted`` or ``unknown``. ``weights_sha256`` is in hexadecimal.
    """

    name: str
    title: str
    task: str
    weights_sha256: str
    weights_source: str
    licence: str
    year: str
    training_data: str
    consent_of_its_people: str
    intended_use: str
    limits: str

    def __post_init__(self) -> None:
        blank = [entry.name for entry in fields(self) if not str(getattr(self, entry.name)).strip()]
        if blank:
            raise ValueError(f"the card {self.name!r} leaves {', '.join(blank)} blank; write 'unknown'")
        allowed = {"obtained", "not obtained", "nobody depicted", "unknown"}
        if self.consent_of_its_people not in allowed:
            raise ValueError(f"the card {self.name!r}: consent is one of {sorted(allowed)}")

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the card's fields in canonical CBOR, 32 bytes: what a receipt names."""
        return _digest(self)


@cache
def _digest(described: ModelCard) -> bytes:
    return hashlib.sha256(cbor.dumps(asdict(described))).digest()


@cache
def cards() -> dict[str, ModelCard]:
    """Return every card that ships, by name, sorted."""
    folder = resources.files("dongui.biometrics.model_cards")
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    found = [ModelCard(**tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
    return {entry.name: entry for entry in sorted(found, key=lambda entry: entry.name)}


def card(name: str) -> ModelCard:
    """Return one card. Raises ``Misuse`` (``recogniser.unknown``) and names those there are."""
    try:
        return cards()[name]
    except KeyError:
        raise Misuse(
            "recogniser.unknown", f"no model is called {name!r}; there are: {', '.join(cards())}"
        ) from None


def require_digest(name: str, sha256: str) -> None:
    """Compare weights (their SHA-256 in hexadecimal) with the card.

    Raises ``Trouble`` ``recogniser.weights-altered``.
    """
    expected = card(name).weights_sha256
    if sha256 != expected:
        raise Trouble(
            "recogniser.weights-altered",
            f"the weights of {name} have the SHA-256 {sha256[:16]}; its card says {expected[:16]}",
        )
