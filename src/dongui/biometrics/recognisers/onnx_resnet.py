"""The recogniser that ships: dlib's weights, run by ONNX Runtime, about twenty times as fast.

The graph is made from the checked weights once and kept in a cache folder. The file's name carries the
digest of the weights and the version of the exporter; its bytes are compared with a digest that stands in
this source, so a cache somebody else can write to is a slow start and never another model.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dongui.biometrics.alignment import CROP_SIDE_PIXELS
from dongui.biometrics.cards import ModelCard, card
from dongui.biometrics.onnx_runtime import onnxruntime
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.recognisers.dlib_file import MAX_FILE_BYTES, read_network
from dongui.biometrics.recognisers.weights import RESNET, locate
from dongui.biometrics.templates import Template

__all__ = ["EXPORT_SHA256", "OnnxResnet"]

# What `onnx_export.export` makes of the weights the card names, with the locked version of onnx. Another
# version may lay the same graph out in other bytes: then it is exported anew at every start.
EXPORT_SHA256 = "50b8ce7c327b4f1c2518f2a68830cfe82507ef3a78c957698b835eea61f7dfae"

# A probe's most frontal frame and the four its turn may be judged by.
_MOST_AT_ONCE = 5


class OnnxResnet:
    """``dlib-resnet-v1`` in ONNX Runtime, one thread. May be shared between threads.

    ONNX Runtime keeps the outputs of inner layers in its arena until the next run writes over them; they
    cannot be reached from here. The crop is read where it lies and the template is written where it stays.
    """

    def __init__(self, model: bytes) -> None:
        """Load an exported model; see :meth:`load`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @classmethod
    def load(cls, *, cache: Path, progress: Callable[[str], None]) -> OnnxResnet:
        """Load from ``cache``, exporting first where nothing fitting is there (about a second).

        A cache that cannot be written is reported to ``progress`` and does without. Raises ``Trouble`` as
        :func:`.weights.locate` and :func:`.dlib_file.read_network`.
        """
        file = cache / f"{RESNET}-{EXPORT_SHA256[:16]}.onnx"
        model = _cached(file)
        if model is None:
            model = _exported(progress)
            _keep(file, model, progress)
        recogniser = cls(model)
        # As many as a probe has, so that their memory is there before a process is forked for one.
        recogniser.templates([np.zeros((CROP_SIDE_PIXELS, CROP_SIDE_PIXELS, 3), np.uint8)] * _MOST_AT_ONCE)
        return recogniser

    @property
    def card(self) -> ModelCard:
        """The card of the weights."""
        return card(RESNET)

    def template(self, crop: Pixels) -> Template:
        """Return the template of 150 x 150 x 3 pixels."""
        return self._run(np.ascontiguousarray(crop)[None])[0]

    def templates(self, crops: Sequence[Pixels]) -> tuple[Template, ...]:
        """Return the template of each crop, bit for bit what :meth:`template` returns.

        In one run the weights, 22 MB, are fetched from memory once: of four crops each costs a fifth less.
        """
        together = np.stack(crops)
        try:
            return self._run(together)
        finally:
            together[:] = 0

    def _run(self, crops: Pixels) -> tuple[Template, ...]:
        (features,) = self._session.run(["features"], {"crops": crops})
        return tuple(Template(own) for own in features)


def _cached(file: Path) -> bytes | None:
    try:
        with file.open("rb") as stream:
            model = stream.read(MAX_FILE_BYTES)
    except OSError:
        return None
    return model if hashlib.sha256(model).hexdigest() == EXPORT_SHA256 else None


def _exported(progress: Callable[[str], None]) -> bytes:
    # Imported here: after the first start nothing needs onnx any more, and it takes longer to import than
    # the cached model to load.
    from dongui.biometrics.recognisers.onnx_export import export

    progress("Preparing the recogniser: exporting its weights once.")
    return export(read_network(locate(RESNET).read_bytes()))


def _keep(file: Path, model: bytes, progress: Callable[[str], None]) -> None:
    """Write whole or not at all: a crash leaves a differently named file behind, never half a model."""
    # No two living threads of this machine share that number; a dead one's leftover is removed.
    partial = file.with_name(f".{file.name}.{threading.get_native_id()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.unlink(missing_ok=True)
        with partial.open("xb") as stream:
            stream.write(model)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        progress(f"The exported model cannot be kept in {file.parent} ({error.strerror}); going on without.")
