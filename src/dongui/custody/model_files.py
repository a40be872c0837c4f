"""A model's files: its derived parameters, and the seal that puts a version of it into the log.

Neither parameters nor statistics hold a name, a number or a date of their own: the same people give the same
bytes, whatever happened in between. History is in the seal and the log. The formats are
``spec/model-statistics.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from dongui.custody.statistics import Statistics
from dongui.custody.two_covariance import derive
from dongui.encoding import cbor
from dongui.errors import Refused
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment

__all__ = ["MODEL_ID_BYTES", "ModelSeal", "SealReason", "encode_parameters", "require_derived"]

MODEL_ID_BYTES = 16
_PARAMETERS, _SEAL, _VERSION = "dongui-model", "dongui-model-seal", 1
_SEAL_LIMITS = cbor.Limits(max_bytes=1_024, max_depth=1, max_items=16)


class SealReason(StrEnum):
    """Why a version of a model was sealed."""

    TRAINED = "trained"
    FORGOT = "forgot"


@dataclass(frozen=True, slots=True)
class ModelSeal:
    """One version of a model as it stands in the log. ``statistics`` is the SHA-256 of their encoding."""

    model: bytes
    version: int
    reason: SealReason
    release: bytes
    statistics: bytes
    blind: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return canonical CBOR."""
        facts = [self.model, self.version, str(self.reason), self.release, self.statistics, self.blind]
        return cbor.dumps([_SEAL, _VERSION, *facts])

    @classmethod
    def decode(cls, data: bytes) -> ModelSeal:
        """Read a seal. Raises ``Refused``: ``cbor.*``, ``model.seal-malformed``."""
        match cbor.loads_canonical(data, limits=_SEAL_LIMITS):
            case [
                str() as name,
                int() as form,
                bytes() as model,
                int() as version,
                str() as reason,
                bytes() as release,
                bytes() as statistics,
                bytes() as blind,
            ] if (name, form) == (_SEAL, _VERSION) and reason in set(SealReason):
                sizes = [len(one) for one in (model, release, statistics, blind)]
                if type(version) is int and version >= 1 and sizes == [MODEL_ID_BYTES, 16, 32, BLIND_BYTES]:
                    return cls(model, version, SealReason(reason), release, statistics, blind)
        raise Refused("model.seal-malformed", "its fields are not those of the specification")

    def entry(self) -> Entry:
        """Return the log's entry: a commitment to the seal, which tells nobody whose model it is."""
        return Entry(EntryKind.MODEL, commitment(self.encode(), blind=self.blind))

    def require_statistics(self, encoded: bytes) -> None:
        """Compare statistics with the seal. Raises ``Refused`` (``model.statistics-differ``)."""
        if sha256(encoded).digest() != self.statistics:
            raise Refused("model.statistics-differ", f"they are not those of version {self.version}")


def encode_parameters(encoded: bytes) -> bytes:
    """Return the model that follows from encoded statistics, canonical CBOR; its parameters may be none.

    Numbers are IEEE 754 binary64, big-endian. Raises as :meth:`Statistics.decode`.
    """
    statistics = Statistics.decode(encoded)
    found = derive(statistics)
    parts = None
    if found is not None:
        arrays = (found.mean, found.projection, found.between, found.quadratic, found.product)
        parts = [len(found.between), *(_bytes(one) for one in arrays), _bytes(np.array([found.constant]))]
    form = statistics.form
    constants = [form.dimensions, form.unit_bits]
    digest = sha256(encoded).digest()
    return cbor.dumps([_PARAMETERS, _VERSION, form.card, constants, digest, parts])


def require_derived(parameters: bytes, encoded: bytes) -> None:
    """Derive once more and compare to the bit. Raises ``Refused`` (``model.parameters-differ``)."""
    if encode_parameters(encoded) != parameters:
        raise Refused("model.parameters-differ", "other statistics, or changed by hand")


def _bytes(numbers: NDArray[np.float64]) -> bytes:
    return numbers.astype(">f8").tobytes()
