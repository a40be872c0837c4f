"""The folder of models that do not ship: what was fetched, what was brought, and their cards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from dongui.biometrics.cards import ModelCard, card, cards
from dongui.biometrics.recognisers.brought import MAX_CARD_BYTES, BroughtCard, read_brought_card
from dongui.biometrics.recognisers.published import PUBLISHED
from dongui.errors import Misuse, Trouble

__all__ = ["ModelFolder"]


class ModelFolder:
    """``<cache>/recognisers``: ``NAME.onnx``, and for what was brought ``NAME.toml``, its card.

    Nothing in it is believed: bytes are compared with a digest that ships, or with the card that an operating
    point's pipeline digest names.
    """

    def __init__(self, cache: Path) -> None:
        """``cache``: where exported models are kept too. Nothing is made."""
        self.path = cache / "recognisers"

    def model_file(self, name: str) -> Path:
        """Return where a model's file is, or would be."""
        return self.path / f"{name}.onnx"

    def card_file(self, name: str) -> Path:
        """Return where a brought model's card is, or would be."""
        return self.path / f"{name}.toml"

    def has(self, name: str) -> bool:
        """Tell whether a file of this name is there; whether it is the right one is seen when it loads."""
        return self.model_file(name).is_file()

    def holds(self, name: str) -> bool:
        """Tell whether a fetched model is there, byte for byte."""
        try:
            self.published(name)
        except Trouble:
            return False
        return True

    def published(self, name: str) -> bytes:
        """Read a fetched model and check it.

        Raises ``Trouble``: ``recogniser.not-fetched``, ``recogniser.weights-altered``.
        """
        data = self.read(name, PUBLISHED[name].file_bytes)
        if hashlib.sha256(data).hexdigest() != PUBLISHED[name].sha256:
            detail = f"{self.model_file(name)} is not the file its card names"
            raise Trouble("recogniser.weights-altered", detail)
        return data

    def read(self, name: str, file_bytes: int) -> bytes:
        """Read a model's file, one byte more than it should have at most.

        Raises ``Trouble`` (``recogniser.not-fetched``).
        """
        try:
            with self.model_file(name).open("rb") as stream:
                return stream.read(file_bytes + 1)
        except OSError as error:
            detail = f"{self.model_file(name)}: {error.strerror}"
            raise Trouble("recogniser.not-fetched", detail) from None

    def brought(self) -> Mapping[str, BroughtCard]:
        """Return the cards of what was brought, by name, sorted.

        Raises ``Misuse`` (``recogniser.card-malformed``) for a card that was damaged since.
        """
        found = {}
        for file in sorted(self.path.glob("*.toml")):
            try:
                with file.open("rb") as stream:
                    one = read_brought_card(stream.read(MAX_CARD_BYTES + 1))
            except OSError:
                continue
            if one.card.name != file.stem:
                raise Misuse("recogniser.card-malformed", f"{file} is the card of {one.card.name}")
            found[one.card.name] = one
        return found

    def cards(self) -> Mapping[str, ModelCard]:
        """Return every card, those that ship first. Raises as :meth:`brought`."""
        return {**cards(), **{name: one.card for name, one in self.brought().items()}}

    def card(self, name: str) -> ModelCard:
        """Return one card. Raises ``Misuse``: ``recogniser.unknown``, and as :meth:`brought`."""
        known = self.cards()
        if name not in known:
            detail = f"no model is called {name!r}; there are: {', '.join(known)}"
            raise Misuse("recogniser.unknown", detail)
        return known[name] if name not in cards() else card(name)
