"""The recogniser as dlib runs it: slow, and the yardstick for the quick one."""

from __future__ import annotations

from collections.abc import Sequence

import dlib
import numpy as np

from dongui.biometrics.cards import ModelCard, card
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.recognisers.weights import RESNET, locate
from dongui.biometrics.templates import Template

__all__ = ["DlibResnet"]


class DlibResnet:
    """dlib's own evaluation of ``dlib-resnet-v1``.

    dlib keeps the crop and every layer's output inside its network object until the next call overwrites
    them; they cannot be reached from here. :class:`.onnx_resnet.OnnxResnet` is what ships.
    """

    def __init__(self) -> None:
        """Load the weights (about 0.3 s). Raises as :func:`.weights.locate`."""
        self._model = dlib.face_recognition_model_v1(str(locate(RESNET)))

    @property
    def card(self) -> ModelCard:
        """The card of the weights."""
        return card(RESNET)

    def template(self, crop: Pixels) -> Template:
        """Return the template of 150 x 150 x 3 pixels."""
        return Template(np.array(self._model.compute_face_descriptor(crop), dtype=np.float32))

    def templates(self, crops: Sequence[Pixels]) -> tuple[Template, ...]:
        """Return the template of each crop, one after another."""
        return tuple(map(self.template, crops))
