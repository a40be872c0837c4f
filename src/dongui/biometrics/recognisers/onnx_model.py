"""An ONNX file from outside: looked at before ONNX Runtime sees it, then one session on one thread.

A model is a program. What is refused here could reach beyond the model's own bytes or run without end:
tensors kept in other files (a path into the operator's disk), operators of other domains (they need a library
loaded into this process), loops, and tensors larger than the memory a verification has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.onnx_runtime import onnxruntime
from dongui.errors import Misuse

if TYPE_CHECKING:
    import onnx

__all__ = ["MAX_NODES", "MAX_TENSOR_NUMBERS", "OnnxModel"]

MAX_NODES: Final = 10_000
MAX_TENSOR_NUMBERS: Final = 2**26
"""Numbers in one tensor: 256 MiB of float32."""

_DOMAINS: Final = frozenset({"", "ai.onnx"})

Floats: TypeAlias = NDArray[np.float32]


class OnnxModel:
    """A model of one float32 input, on one thread. May be shared between threads.

    ``input_shape`` has -1 where the model leaves a length open; ``output_shapes`` likewise, by name.
    """

    def __init__(self, data: bytes, *, pinned: bool = False) -> None:
        """Check and load; ``pinned`` bytes, of a digest that stands in this source, need no looking at.

        Raises ``Misuse`` (``recogniser.model-unfit``), naming what does not fit.
        """
        if not pinned:
            _require_plain(data)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            # Falling back, the library would print to standard output, and try the same again.
            self._session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except _RUNTIME_ERRORS as error:
            raise _unfit(f"ONNX Runtime does not load it ({type(error).__name__})") from None
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)":
            raise _unfit(f"it has {len(inputs)} inputs; one of float32 is wanted")
        self._input = inputs[0].name
        self.input_shape = _lengths(inputs[0].shape)
        self.output_shapes = {one.name: _lengths(one.shape) for one in self._session.get_outputs()}

    def run(self, values: Floats) -> Mapping[str, Floats]:
        """Return every output by name. Raises ``Misuse`` (``recogniser.model-unfit``) where it cannot run."""
        try:
            made = self._session.run(None, {self._input: values})
        except _RUNTIME_ERRORS as error:
            raise _unfit(f"it does not run ({type(error).__name__})") from None
        outputs = dict(zip(self.output_shapes, made, strict=True))
        for name, output in outputs.items():
            if not isinstance(output, np.ndarray) or output.dtype != np.float32:
                raise _unfit(f"its output {name} is no tensor of float32")
        return outputs


def _lengths(shape: Iterable[object]) -> tuple[int, ...]:
    return tuple(length if isinstance(length, int) and length > 0 else -1 for length in shape)


def _runtime_errors() -> tuple[type[Exception], ...]:
    """ONNX Runtime's own errors share no base but ``Exception``."""
    state = vars(onnxruntime.capi.onnxruntime_pybind11_state).values()
    own = (one for one in state if isinstance(one, type) and issubclass(one, Exception))
    return (RuntimeError, ValueError, *own)


_RUNTIME_ERRORS: Final = _runtime_errors()


def _require_plain(data: bytes) -> None:
    # Imported here: only who runs a model from outside waits for it.
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except (ValueError, import_module("google.protobuf.message").DecodeError):
        raise _unfit("it is no ONNX file") from None
    foreign = {entry.domain for entry in model.opset_import} - _DOMAINS
    if foreign:
        raise _unfit(f"it uses operators of another domain: {', '.join(sorted(foreign))[:100]!r}")
    if model.functions or model.training_info:
        raise _unfit("it defines functions or training steps of its own")
    _require_plain_graph(model.graph)
    _require_bounded(model)


def _require_plain_graph(graph: onnx.GraphProto) -> None:
    if len(graph.node) > MAX_NODES:
        raise _unfit(f"it has {len(graph.node)} nodes; the limit is {MAX_NODES}")
    for tensor in graph.initializer:
        _require_inside(tensor)
    if graph.sparse_initializer:
        raise _unfit("it keeps sparse tensors")
    for node in graph.node:
        if node.domain not in _DOMAINS:
            raise _unfit(f"it uses an operator of another domain: {node.domain[:100]!r}")
        for attribute in node.attribute:
            # If, Loop and Scan carry graphs of their own: how long they run is not to be seen beforehand.
            if attribute.HasField("g") or attribute.graphs:
                raise _unfit(f"its node {node.op_type[:40]!r} branches or repeats")
            if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
                raise _unfit("it keeps sparse tensors")
            for tensor in (attribute.t, *attribute.tensors):
                _require_inside(tensor)


def _require_inside(tensor: onnx.TensorProto) -> None:
    if tensor.external_data or tensor.data_location != tensor.DEFAULT:
        raise _unfit("it keeps numbers in another file (external data)")
    _require_size(tensor.dims)


def _require_bounded(model: onnx.ModelProto) -> None:
    """Look at every tensor whose size can be told without running."""
    from onnx import shape_inference

    try:
        inferred = shape_inference.infer_shapes(model, data_prop=True)
    except (shape_inference.InferenceError, RuntimeError, ValueError):
        raise _unfit("the sizes of its tensors contradict each other") from None
    for value in (*inferred.graph.value_info, *inferred.graph.output, *inferred.graph.input):
        _require_size(entry.dim_value for entry in value.type.tensor_type.shape.dim)


def _require_size(lengths: Iterable[int]) -> None:
    numbers = 1
    for length in lengths:
        numbers *= max(1, length)
        if length < 0 or numbers > MAX_TENSOR_NUMBERS:
            raise _unfit(f"one of its tensors has more than {MAX_TENSOR_NUMBERS} numbers")


def _unfit(detail: str) -> Misuse:
    return Misuse("recogniser.model-unfit", detail)
