"""Small ONNX models with the published signatures, and cards: what no test may download stands in for itself.

No model here knows a face. The recognisers average a picture's blocks and mix them by a fixed matrix; the
detectors say what they are told to, or find blue squares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

__all__ = ["arcface_like", "blue_squares", "card_text", "endless", "model_of", "planted", "write_brought"]

Floats = NDArray[np.float32]

FIELDS = {
    "name": "tiny-net",
    "title": "A net that averages blocks",
    "task": "recogniser: 112 x 112 pixel cut to numbers of length one",
    "weights_source": "made by a test",
    "licence": "CC0-1.0",
    "year": "2026",
    "training_data": "none: fixed numbers",
    "consent_of_its_people": "nobody depicted",
    "intended_use": "none",
    "limits": "knows nothing of faces",
}


def model_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Mapping[str, Sequence[int | str]],
    weights: Mapping[str, NDArray[np.generic]],
    *,
    domains: Mapping[str, int] | None = None,
) -> onnx.ModelProto:
    """Return a model; ``inputs`` and ``outputs`` are float32 of these shapes."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in inputs.items()
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in weights.items()],
    )
    opsets = [helper.make_opsetid(name, version) for name, version in {"": 13, **(domains or {})}.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def arcface_like(
    *,
    numbers: int = 512,
    seed: int = 1,
    names: tuple[str, str] = ("data", "fc1"),
    shape: Sequence[int | str] = (1, 3, 112, 112),
    scale: float = 1.0,
) -> onnx.ModelProto:
    """Return a tiny convolutional net: 112 x 112 pixels to ``numbers``."""
    generator = np.random.default_rng(seed)
    kernel = generator.normal(size=(4, 3, 3, 3)).astype(np.float32)
    mixed = (generator.normal(size=(4 * 14 * 14, numbers)) * scale).astype(np.float32)
    nodes = [
        helper.make_node("Conv", [names[0], "kernel"], ["lines"], pads=[1, 1, 1, 1]),
        helper.make_node("AveragePool", ["lines"], ["blocks"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["blocks"], ["flat"]),
        helper.make_node("MatMul", ["flat", "mixed"], [names[1]]),
    ]
    return model_of(
        nodes, {names[0]: shape}, {names[1]: (shape[0], numbers)}, {"kernel": kernel, "mixed": mixed}
    )


def endless() -> onnx.ModelProto:
    """Return a few kilobytes of the right signature that multiply large matrices for minutes."""
    nodes = [
        helper.make_node("ReduceMean", ["data"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Expand", ["mean", "large"], ["square_0"]),
        *(helper.make_node("MatMul", [f"square_{n}"] * 2, [f"square_{n + 1}"]) for n in range(200)),
        helper.make_node("Slice", ["square_200", "from", "to", "axes"], ["fc1"]),
    ]
    weights: dict[str, NDArray[np.generic]] = {
        "large": np.array([4000, 4000]),
        "from": np.array([0, 0]),
        "to": np.array([1, 512]),
        "axes": np.array([0, 1]),
    }
    return model_of(nodes, {"data": (1, 3, 112, 112)}, {"fc1": (1, 512)}, weights)


def planted(outputs: Mapping[str, Floats], *, sides: tuple[int, int] = (640, 640)) -> onnx.ModelProto:
    """Return a detector of YuNet's signature that says ``outputs`` whatever it is shown."""
    nodes = [
        # Nothing of the picture goes into it, but it has to be read.
        helper.make_node("ReduceMax", ["input"], ["brightest"], keepdims=0),
        helper.make_node("Mul", ["brightest", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"{name}_said", "nothing"], [name]) for name in outputs),
    ]
    weights: dict[str, NDArray[np.generic]] = {f"{name}_said": values for name, values in outputs.items()}
    weights["zero"] = np.array(0, dtype=np.float32)
    shapes = {name: values.shape for name, values in outputs.items()}
    return model_of(nodes, {"input": (1, 3, *sides)}, shapes, weights)


def blue_squares(
    kps: Sequence[float], *, log_side: float = 1.0, sides: tuple[int, int] = (320, 320)
) -> onnx.ModelProto:
    """Return a detector that finds cells of 32 x 32 pixels that are blue all over, by its first channel.

    Each has the marks ``kps`` (in cells, from the cell's corner) and a box of ``e**log_side`` cells.
    """
    cells = (sides[0] // 32) * (sides[1] // 32)
    nodes = [
        helper.make_node("Slice", ["input", "from", "to", "axes"], ["first"]),
        helper.make_node("AveragePool", ["first"], ["means"], kernel_shape=[32, 32], strides=[32, 32]),
        helper.make_node("Div", ["means", "full"], ["shares"]),
        helper.make_node("Reshape", ["shares", "flat"], ["cls_32"]),
        helper.make_node("Identity", ["cls_32"], ["obj_32"]),
    ]
    weights: dict[str, NDArray[np.generic]] = {
        "from": np.array([0]),
        "to": np.array([1]),
        "axes": np.array([1]),
        "full": np.array(255, dtype=np.float32),
        "flat": np.array([1, cells, 1]),
    }
    shapes: dict[str, Sequence[int]] = {"cls_32": (1, cells, 1), "obj_32": (1, cells, 1)}
    said = {
        "bbox_32": np.tile(np.array([0.5, 0.5, log_side, log_side], np.float32), (1, cells, 1)),
        "kps_32": np.tile(np.array(kps, np.float32), (1, cells, 1)),
    }
    for stride in (8, 16):
        count = (sides[0] // stride) * (sides[1] // stride)
        for kind, width in {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}.items():
            said[f"{kind}_{stride}"] = np.zeros((1, count, width), np.float32)
    for name, values in said.items():
        nodes.append(helper.make_node("Identity", [f"{name}_said"], [name]))
        weights[f"{name}_said"] = values
        shapes[name] = values.shape
    return model_of(nodes, {"input": (1, 3, *sides)}, shapes, weights)


def card_text(data: bytes, numbers: int = 512, /, **changed: str) -> str:
    """Return a card that fits ``data``; ``changed`` replaces lines, by their key as ``table__key``."""
    tables: dict[str, dict[str, str]] = {
        "model": {name: f'"{value}"' for name, value in FIELDS.items()}
        | {"weights_sha256": f'"{hashlib.sha256(data).hexdigest()}"'},
        "file": {"bytes": str(len(data))},
        "input": {"side_pixels": "112", "channel_order": '"RGB"', "mean": "127.5", "scale": "0.0078125"},
        "output": {"numbers": str(numbers)},
        "pipeline": {"detector": '"dlib-frontal-detector"'},
    }
    for place, value in changed.items():
        table, key = place.split("__")
        tables[table][key] = value
    return "\n".join(
        line
        for table, members in tables.items()
        for line in (f"[{table}]", *(f"{key} = {value}" for key, value in members.items() if value))
    )


def write_brought(
    folder: Path, model: onnx.ModelProto, numbers: int = 512, /, **changed: str
) -> tuple[Path, Path]:
    """Write the model and a fitting card; return both paths."""
    data = model.SerializeToString()
    file, card = folder / "net.onnx", folder / "net.toml"
    file.write_bytes(data)
    card.write_text(card_text(data, numbers, **changed), encoding="utf-8")
    return file, card
