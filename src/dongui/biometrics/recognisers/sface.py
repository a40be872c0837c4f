"""SFace as OpenCV publishes it: a small network of the ArcFace kind, found and marked by YuNet.

Its ONNX file subtracts and divides by itself: it takes 0 to 255, red first (OpenCV's ``FaceRecognizerSF``
hands it over so, modules/objdetect/src/face_recognize.cpp).
"""

from __future__ import annotations

from typing import Final

from dongui.biometrics.cards import card
from dongui.biometrics.recognisers.arcface_onnx import ArcFaceOnnx
from dongui.biometrics.recognisers.input_form import ChannelOrder, InputForm
from dongui.biometrics.recognisers.onnx_model import OnnxModel
from dongui.biometrics.recognisers.published import SFACE

__all__ = ["MATED_COSINE_OPENCV_4_10", "SFACE_FORM", "sface"]

SFACE_FORM: Final = InputForm(ChannelOrder.RGB, 0.0, 1.0, 128)
#: From this cosine on OpenCV's documentation calls two faces one person's. No operating point: nobody says
#: what it was measured on, for whom, and with how many errors.
MATED_COSINE_OPENCV_4_10: Final = 0.363


def sface(model: OnnxModel) -> ArcFaceOnnx:
    """Return the recogniser of checked weights. Raises ``Misuse`` (``recogniser.model-unfit``)."""
    return ArcFaceOnnx(model, card=card(SFACE), form=SFACE_FORM)
