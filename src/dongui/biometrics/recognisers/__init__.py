"""What turns a crop into a template, behind one small protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from dongui.biometrics.cards import ModelCard

if TYPE_CHECKING:
    from dongui.biometrics.pixels import Pixels
    from dongui.biometrics.templates import Template

__all__ = ["Recogniser"]


class Recogniser(Protocol):
    """A model with a card."""

    @property
    def card(self) -> ModelCard:
        """What is known of the model."""

    def template(self, crop: Pixels) -> Template:
        """Return the template of what ``Instruments.recognised`` gives; the pixels are left as they were."""

    def templates(self, crops: Sequence[Pixels]) -> tuple[Template, ...]:
        """Return the templates of one clip's crops, at least one, in their order; the same as one by one."""
