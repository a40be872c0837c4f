"""``dlib-resnet-v1`` as an ONNX graph: the same weights, evaluated by another program.

Each scale is folded into the convolution before it (two multiplications by a constant are one). Everything
else is dlib's arithmetic: where a halved shortcut has fewer channels, or the convolved branch a row and a
column less, the smaller one counts as zero there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from dongui.biometrics.recognisers.dlib_file import Convolution, Network, Scale, stages

__all__ = ["EXPORT_VERSION", "export"]

# Raised whenever a different graph comes out of the same weights.
EXPORT_VERSION = 2
_OPSET = 17
_IR_VERSION = 8
_SIDE = 150


def export(network: Network) -> bytes:
    """Return the model: ``crops`` (n x 150 x 150 x 3, uint8) into ``features`` (n x 128, float32)."""
    return bytes(_Graph(network).model().SerializeToString(deterministic=True))


class _Graph:
    """Nodes and constants, collected in order."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def model(self) -> ModelProto:
        self._build()
        graph = helper.make_graph(
            self._nodes,
            "dlib-resnet-v1",
            [helper.make_tensor_value_info("crops", TensorProto.UINT8, ["n", _SIDE, _SIDE, 3])],
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 128])],
            self._constants,
        )
        model = helper.make_model(
            graph,
            producer_name="dongui",
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
        )
        checker.check_model(model)
        return model

    def _build(self) -> None:
        layers = iter(self._network.layers)
        current = self._convolved(self._prepared(), *next(layers), relu=True)
        current = self._node("MaxPool", current, kernel_shape=[3, 3], strides=[2, 2])
        side, channels = 35, 32
        for filters, halves in stages():
            current, side = self._block(current, layers, side, channels, filters, halves=halves)
            channels = filters
        current = self._node("GlobalAveragePool", current)
        current = self._node("Flatten", current)
        self._node("MatMul", current, self._constant(self._network.projection), output="features")

    def _prepared(self) -> str:
        """Channels first, less the mean, over 256: as dlib does, in float32."""
        numbers = self._node("Cast", "crops", to=TensorProto.FLOAT)
        planes = self._node("Transpose", numbers, perm=[0, 3, 1, 2])
        mean = np.array(self._network.mean, np.float32).reshape(1, 3, 1, 1)
        centred = self._node("Sub", planes, self._constant(mean))
        return self._node("Mul", centred, self._constant(np.array(1 / 256, np.float32)))

    def _block(
        self,
        before: str,
        layers: Iterator[tuple[Convolution, Scale]],
        side: int,
        channels: int,
        filters: int,
        *,
        halves: bool,
    ) -> tuple[str, int]:
        """Two convolutions beside a shortcut. Return the sum's name and its side in pixels."""
        inner = self._convolved(before, *next(layers), relu=True)
        inner = self._convolved(inner, *next(layers), relu=False)
        shortcut = before
        if halves:
            convolved_side, side = (side - 3) // 2 + 1, side // 2
            shortcut = self._node("AveragePool", before, kernel_shape=[2, 2], strides=[2, 2])
            shortcut = self._padded(shortcut, channels=filters - channels, rows=0)
            inner = self._padded(inner, channels=0, rows=side - convolved_side)
        return self._node("Relu", self._node("Add", inner, shortcut)), side

    def _padded(self, name: str, *, channels: int, rows: int) -> str:
        """Zeros behind the last channel, row and column (as many columns as rows)."""
        if channels == 0 and rows == 0:
            return name
        pads = np.array([0, 0, 0, 0, 0, channels, rows, rows], np.int64)
        return self._node("Pad", name, self._constant(pads))

    def _convolved(self, name: str, convolution: Convolution, scale: Scale, *, relu: bool) -> str:
        weights = convolution.weights * scale.factor[:, None, None, None]
        bias = convolution.bias * scale.factor + scale.summand
        padding = convolution.weights.shape[2] // 2 if convolution.stride == 1 else 0
        convolved = self._node(
            "Conv",
            name,
            self._constant(weights),
            self._constant(bias),
            strides=[convolution.stride] * 2,
            pads=[padding] * 4,
        )
        return self._node("Relu", convolved) if relu else convolved

    def _constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"constant-{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(
        self, operator: str, *inputs: str, output: str | None = None, **attributes: int | list[int]
    ) -> str:
        output = output or f"value-{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output
