"""A task that does to a picture what every examination does, with the libraries it is done with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.onnx_runtime import onnxruntime
from dongui.biometrics.recognisers.weights import RESNET, locate
from dongui.memory import SecretBuffer

# What a careless task keeps.
KEPT: list[object] = []


@dataclass(frozen=True)
class Tools:
    """Detector, recogniser, and an inference session."""

    detector: Any
    recogniser: Any
    session: Any


def prepare(arguments: bytes, progress: Callable[[str], None]) -> object:
    """Load all three, one thread each."""
    progress("loading")
    weights = numpy_helper.from_array(np.random.default_rng(1).normal(size=(8, 3, 7, 7)).astype("f4"), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["crop", "w"], ["features"])],
        "convolution",
        [helper.make_tensor_value_info("crop", TensorProto.FLOAT, [1, 3, 150, 150])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 8, 144, 144])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    tools = Tools(
        FaceDetector().of_this_thread(),
        dlib.face_recognition_model_v1(str(locate(RESNET))),
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]),
    )
    # A first run, on a picture of nobody: what a library sets up when it first works, no child repeats.
    blank = BytesIO()
    Image.new("RGB", (360, 360), "grey").save(blank, "JPEG")
    examine(tools, blank.getvalue())
    return tools


def look(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Decode, detect, crop, describe, infer; ordered to ``keep``, keep every result. Answer nothing of it."""
    assert isinstance(prepared, Tools)
    results = examine(prepared, bytes(buffers[0].view))
    if order == b"keep":
        KEPT.append(results)
    return b"seen" if results["faces"].item() else b"nobody"


def digest(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Answer one digest over every array that comes out; the slow template only if ordered."""
    assert isinstance(prepared, Tools)
    results = examine(prepared, bytes(buffers[0].view), with_template=order == b"template")
    return hashlib.sha256(b"".join(array.tobytes() for array in results.values())).digest()


def examine(tools: Tools, encoded: bytes, *, with_template: bool = True) -> dict[str, NDArray[Any]]:
    """Every array that comes out on the way from the file to the template."""
    pixels = np.asarray(Image.open(BytesIO(encoded)).convert("RGB"))
    faces = tools.detector(pixels, 0)
    half = pixels.shape[0] // 4
    middle = Image.fromarray(pixels).crop((half, half, 3 * half, 3 * half)).resize((150, 150))
    crop = np.asarray(middle)
    tensor = np.ascontiguousarray(crop.astype("f4").transpose(2, 0, 1)[None])
    (features,) = tools.session.run(["features"], {"crop": tensor})
    results = {
        "faces": np.array(len(faces)),
        "pixels": pixels,
        "crop": crop,
        "tensor": tensor,
        "features": features,
    }
    if with_template:
        results["template"] = np.array(tools.recogniser.compute_face_descriptor(crop))
    return results
