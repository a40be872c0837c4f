"""Recognisers of the ArcFace kind: 112 x 112 pixels cut by five marks in, a direction out.

Such a network is trained so that the angle between two faces' numbers tells people apart. Scaled to length
one, the angle is a distance: for a cosine ``c`` it is ``sqrt(2 - 2c)``, from 0 (one direction) over 1.41 (at
right angles) to 2. So bounds, bins and comparison stay what they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.cards import ModelCard
from dongui.biometrics.marks import CUT_SIDE_PIXELS
from dongui.biometrics.pixels import Features, Pixels
from dongui.biometrics.recognisers.input_form import ChannelOrder, InputForm
from dongui.biometrics.recognisers.onnx_model import OnnxModel
from dongui.biometrics.templates import Template
from dongui.errors import Misuse, Trouble
from dongui.undoing import on_failure

__all__ = ["ArcFaceOnnx", "distance_of_cosine"]


class ArcFaceOnnx:
    """Such a network with its card, one thread. May be shared between threads.

    ONNX Runtime keeps inner layers in its arena until the next run; they cannot be reached from here.
    """

    def __init__(self, model: OnnxModel, *, card: ModelCard, form: InputForm) -> None:
        """Check the signature and run once. Raises ``Misuse`` (``recogniser.model-unfit``)."""
        self._model = model
        self._card = card
        self._form = form
        self._require_signature()
        # A grey square is no face; it only shows that something comes out.
        grey = np.full((CUT_SIDE_PIXELS, CUT_SIDE_PIXELS, 3), 127, np.uint8)
        made = self._run(grey)
        if made.size != form.numbers:
            detail = f"it gives {made.size} numbers; its card says {form.numbers}"
            raise Misuse("recogniser.model-unfit", detail)

    @property
    def card(self) -> ModelCard:
        """The card of the weights."""
        return self._card

    @property
    def form(self) -> InputForm:
        """What the network takes and gives."""
        return self._form

    def template(self, crop: Pixels) -> Template:
        """Return the template of 112 x 112 x 3 pixels (:func:`dongui.biometrics.marks.cut`).

        Raises ``Trouble`` (``recogniser.output-unfit``) where the network gives no direction.
        """
        made = self._run(crop)
        exact = made.astype(np.float64)
        try:
            length = math.sqrt(float(exact @ exact))
            if not math.isfinite(length) or length == 0:
                detail = f"{self._card.name} gives zeros or what is no number"
                raise Trouble("recogniser.output-unfit", detail)
            exact /= length
            return Template(exact.astype(np.float32))
        finally:
            made[...] = 0
            exact[...] = 0

    def templates(self, crops: Sequence[Pixels]) -> tuple[Template, ...]:
        """Return the template of each crop, one after another: many such networks take one at a time."""
        made: list[Template] = []

        def wipe() -> None:
            for template in made:
                template.wipe()

        with on_failure(wipe):
            made.extend(map(self.template, crops))
        return tuple(made)

    def _run(self, crop: Pixels) -> Features:
        values = self._values(crop)
        try:
            (output,) = self._model.run(values).values()
        finally:
            values[...] = 0
        return output.reshape(-1)

    def _values(self, crop: Pixels) -> NDArray[np.float32]:
        ordered = crop if self._form.channel_order is ChannelOrder.RGB else crop[..., ::-1]
        values = np.ascontiguousarray(ordered.transpose(2, 0, 1)[None], dtype=np.float32)
        values -= np.float32(self._form.mean)
        values *= np.float32(self._form.scale)
        return values

    def _require_signature(self) -> None:
        shape, outputs = self._model.input_shape, self._model.output_shapes
        wanted = (1, 3, CUT_SIDE_PIXELS, CUT_SIDE_PIXELS)
        if len(shape) != 4 or any(have not in (want, -1) for have, want in zip(shape, wanted, strict=True)):
            raise Misuse("recogniser.model-unfit", f"its input is {shape}; {wanted} is wanted (-1: open)")
        lengths = [given for one in outputs.values() for given in one]
        if len(outputs) != 1 or any(length not in (1, -1, self._form.numbers) for length in lengths):
            detail = f"its outputs are {dict(outputs)}; one of 1 x {self._form.numbers} is wanted"
            raise Misuse("recogniser.model-unfit", detail)


def distance_of_cosine(cosine: float) -> float:
    """Return the distance of two directions of this cosine (-1.0 to 1.0), for comparing bounds."""
    return math.sqrt(max(0.0, 2 - 2 * cosine))
