"""Keep a network's weights as half floats, cast back where they are used: half the bytes to ship."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

_SMALL = 256  # elements; below this nothing is gained


def pack(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return ``model`` with its large float weights stored as float16 behind a cast to float32."""
    packed = onnx.ModelProto()
    packed.CopyFrom(model)
    kept, casts = [], []
    for weights in packed.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.size < _SMALL:
            kept.append(weights)
            continue
        stored = f"{weights.name}/half"
        kept.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [weights.name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *packed.graph.node]
    del packed.graph.initializer[:], packed.graph.node[:]
    packed.graph.initializer.extend(kept)
    packed.graph.node.extend(nodes)
    onnx.checker.check_model(packed)
    return packed
