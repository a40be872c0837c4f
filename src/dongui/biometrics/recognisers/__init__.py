"""What turns a crop into a template, behind one small protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dongui.biometrics.cards import ModelCard
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.templates import Template

__all__ = ["Recogniser"]


class Recogniser(Protocol):
    """A model with a card."""

    @property
    def card(self) -> ModelCard:
        """What is known of the model."""

    def template(self, crop: Pixels) -> Template:
        """Return the template of an aligned crop of 150 x 150 x 3 pixels; the crop is left as it was."""

    def templates(self, crops: Sequence[Pixels]) -> tuple[Template, ...]:
        """Return the templates of one clip's crops, at least one, in their order; the same as one by one."""
