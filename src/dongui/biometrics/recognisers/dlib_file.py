"""The weights of ``dlib-resnet-v1``, read from dlib's own serialisation.

dlib writes an integer as a control byte (bit 7: negative; low bits: how many bytes follow, 1 to 8) and its
bytes, least significant first; a float as the integers mantissa and exponent, worth mantissa x 2^exponent; a
string as its length and its bytes; a truth value as the character 0 or 1; a tensor as the version 2, four
sizes, and 4-byte little-endian floats. A network is written from the outside in: the version numbers of all
its layers, the last layer first, and then the layers themselves, the first one first.

The reader follows this one network and no other, so every size is known before it is read: a file that says
anything else is refused before anything is allocated for it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dongui.errors import Trouble

__all__ = ["Convolution", "Network", "Scale", "read_network", "stages"]

Weights = NDArray[np.float32]

MAX_FILE_BYTES = 32 * 1024 * 1024
_INPUT_SIDE = 150
# Filters and number of residual blocks of each stage, from the picture on; from the second stage on the first
# block halves the resolution.
_STAGES = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))
_FEATURES = 128


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """``weights``: filters x channels x rows x columns; ``bias``: one for each filter.

    Padded by half its window at stride 1, not padded at stride 2.
    """

    weights: Weights
    bias: Weights
    stride: Literal[1, 2]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """One factor and one summand for each channel."""

    factor: Weights
    summand: Weights


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """``mean``: red, green, blue, taken from the picture before it is divided by 256.

    ``layers``: convolutions, each with the scale that follows it, in the order they are evaluated;
    ``projection``: 256 x 128.
    """

    mean: tuple[float, float, float]
    layers: tuple[tuple[Convolution, Scale], ...]
    projection: Weights


def stages() -> Iterator[tuple[int, bool]]:
    """Yield filters and "halves the resolution" for each of the 14 residual blocks."""
    for number, (filters, blocks) in enumerate(_STAGES):
        for block in range(blocks):
            yield filters, number > 0 and block == 0


def read_network(data: bytes) -> Network:
    """Return the network of the file's bytes.

    Raises ``Trouble`` (``recogniser.weights-malformed``) with the byte at which reading stopped.
    """
    reader = _Reader(data)
    try:
        network = _read(reader)
    except (_Malformed, struct.error, UnicodeDecodeError) as error:
        raise Trouble(
            "recogniser.weights-malformed", f"at byte {reader.position} of {len(data)}: {error}"
        ) from None
    return network


class _Malformed(Exception):
    """The file says something else than this network."""


class _Reader:
    """dlib's primitive types, one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0
        if len(data) > MAX_FILE_BYTES:
            raise _Malformed(f"the file has more than {MAX_FILE_BYTES} bytes")

    def take(self, size: int) -> bytes:
        if size > len(self._data) - self.position:
            raise _Malformed(f"{size} bytes are needed, {len(self._data) - self.position} are left")
        taken = self._data[self.position : self.position + size]
        self.position += size
        return taken

    def integer(self) -> int:
        control = self.take(1)[0]
        size = control & 0x0F
        if control & 0x70 or not 1 <= size <= 8:
            raise _Malformed(f"no integer begins with the byte {control:#04x}")
        value = int.from_bytes(self.take(size), "little")
        return -value if control & 0x80 else value

    def real(self) -> float:
        mantissa, exponent = self.integer(), self.integer()
        if not -1100 <= exponent <= 1000:
            raise _Malformed(f"the exponent {exponent} is no float's")
        return math.ldexp(mantissa, exponent)

    def truth(self) -> bool:
        sign = self.take(1)
        if sign not in (b"0", b"1"):
            raise _Malformed("a truth value is the character 0 or 1")
        return sign == b"1"

    def expect(self, *values: int) -> None:
        for value in values:
            if (found := self.integer()) != value:
                raise _Malformed(f"{value} is expected, {found} is there")

    def expect_name(self, name: str) -> None:
        self.expect(len(name))
        if (found := self.take(len(name))) != name.encode():
            raise _Malformed(f"{name!r} is expected, {found!r} is there")

    def tensor(self, *shape: int) -> Weights:
        """Read a tensor of exactly this shape (samples, channels, rows, columns)."""
        self.expect(2, *shape)
        return np.frombuffer(self.take(4 * math.prod(shape)), dtype="<f4").reshape(shape)

    def any_tensor(self) -> None:
        """Pass over a tensor of any shape: gradients and outputs left over from training."""
        self.expect(2)
        sizes = [self.integer() for _ in range(4)]
        if any(not 0 <= size <= MAX_FILE_BYTES for size in sizes):
            raise _Malformed(f"no tensor has the shape {sizes}")
        self.take(4 * math.prod(sizes))

    def alias(self, *shape: int) -> None:
        """A view into a tensor: version 1 and its shape."""
        self.expect(1, *shape)


def _read(reader: _Reader) -> Network:
    _loss_and_versions(reader)
    mean = _input(reader)
    layers = [_first(reader)]
    channels = 32
    for filters, halves in stages():
        layers += _block(reader, channels, filters, halves=halves)
        channels = filters
    _pooling(reader, 0, 1)
    projection = _projection(reader, channels)
    if reader.position != len(reader._data):
        raise _Malformed("something follows the last layer")
    return Network(mean, tuple(layers), projection)


def _loss_and_versions(reader: _Reader) -> None:
    reader.expect(1)
    reader.expect_name("loss_metric_2")
    reader.real()
    reader.real()
    # Versions, outermost first: projection and pooling (2 each); for each block relu 2 and addition 2, where
    # it halves the resolution also pooling 2, skip 1 and tag 1; scale, convolution, relu, scale, convolution
    # 2 each; tag 1. Then max pooling, relu and scale, 2 each, and the first layer, 3.
    reader.expect(2, 2)
    for _, halves in reversed(list(stages())):
        reader.expect(2, 2, *((2, 1, 1) if halves else ()), 2, 2, 2, 2, 2, 1)
    reader.expect(2, 2, 2, 3)


def _input(reader: _Reader) -> tuple[float, float, float]:
    reader.expect_name("input_rgb_image_sized")
    mean = reader.real(), reader.real(), reader.real()
    reader.expect(_INPUT_SIDE, _INPUT_SIDE)
    return mean


def _first(reader: _Reader) -> tuple[Convolution, Scale]:
    convolution = _convolution(reader, 3, 32, window=7, stride=2)
    _left_over(reader)
    reader.expect(1)  # how many samples one picture becomes
    scale = _scale(reader, 32)
    _relu(reader)
    reader.expect_name("max_pool_2")
    reader.expect(3, 3, 2, 2, 0, 0)
    _left_over(reader)
    return convolution, scale


def _block(reader: _Reader, channels: int, filters: int, *, halves: bool) -> list[tuple[Convolution, Scale]]:
    first = _convolution(reader, channels, filters, window=3, stride=2 if halves else 1)
    _left_over(reader)
    first_scale = _scale(reader, filters)
    _relu(reader)
    second = _convolution(reader, filters, filters, window=3, stride=1)
    _left_over(reader)
    second_scale = _scale(reader, filters)
    if halves:
        _pooling(reader, 2, 2)
    reader.expect_name("add_prev_")
    _left_over(reader)
    _relu(reader)
    return [(first, first_scale), (second, second_scale)]


def _convolution(
    reader: _Reader, channels: int, filters: int, *, window: int, stride: Literal[1, 2]
) -> Convolution:
    size = filters * channels * window * window
    padding = 0 if stride == 2 else window // 2
    reader.expect_name("con_4")
    parameters = reader.tensor(size + filters, 1, 1, 1).reshape(-1)
    reader.expect(filters, window, window, stride, stride, padding, padding)
    reader.alias(filters, channels, window, window)
    reader.alias(1, filters, 1, 1)
    _multipliers(reader)
    weights = parameters[:size].reshape(filters, channels, window, window)
    return Convolution(weights, parameters[size:], stride)


def _scale(reader: _Reader, channels: int) -> Scale:
    reader.expect_name("affine_")
    parameters = reader.tensor(2 * channels, 1, 1, 1).reshape(-1)
    reader.alias(1, channels, 1, 1)
    reader.alias(1, channels, 1, 1)
    reader.expect(0)  # one factor for each channel, not for each number
    _left_over(reader)
    return Scale(parameters[:channels], parameters[channels:])


def _relu(reader: _Reader) -> None:
    reader.expect_name("relu_")
    _left_over(reader)


def _pooling(reader: _Reader, window: int, stride: int) -> None:
    """An average; a window of 0 is the whole picture."""
    reader.expect_name("avg_pool_2")
    reader.expect(window, window, stride, stride, 0, 0)
    _left_over(reader)


def _projection(reader: _Reader, channels: int) -> Weights:
    reader.expect_name("fc_2")
    reader.expect(_FEATURES, channels)
    parameters = reader.tensor(channels, _FEATURES, 1, 1)
    reader.alias(channels, _FEATURES, 1, 1)
    reader.alias(0, 0, 0, 0)
    reader.expect(1)  # no bias
    _multipliers(reader)
    _left_over(reader)
    return parameters.reshape(channels, _FEATURES)


def _multipliers(reader: _Reader) -> None:
    """Four factors that only training uses."""
    for _ in range(4):
        reader.real()


def _left_over(reader: _Reader) -> None:
    """Three truth values and three tensors that only training uses."""
    for _ in range(3):
        reader.truth()
    for _ in range(3):
        reader.any_tensor()
