"""Protected templates: what a card carries in place of a face, and how it becomes a reference again.

A template is quantised to 128 integers of eight bits, and to each is added, modulo 256, a byte of a stream
that follows from the card's secret (HKDF-SHA-256). The secret is not on the card. In the terms of
ISO/IEC 24745:

- *Renewable*: another secret makes another, independent protected template of the same face.
- *Unlinkable*: under secrets nobody has, every string of 128 bytes is equally likely for every face (as far
  as the stream cannot be told from chance), so two of them do not say whether they show one person.
- *Irreversible without the secret*, for the same reason; the secret deleted, nothing is left to reverse.
  **With** the secret the quantised template can be had again: that is what comparing it takes.

A secret rotation of the features, the textbook's transform, keeps lengths: and the length of a feature vector
is a person's own (measured: docs/explanation/staff-card.md). The shift keeps nothing, and consists of integer
additions alone, so that it comes out the same on every machine.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import OperatingPoint
from dongui.biometrics.reference import Reference
from dongui.biometrics.templates import TEMPLATE_LENGTH, Template
from dongui.errors import Trouble, Undetermined

__all__ = [
    "MARGIN_LONDON_2026_11",
    "PROTECTED_TEMPLATE_BYTES",
    "SECRET_BYTES",
    "WORST_MARGIN",
    "for_protected_templates",
    "protect",
    "reference_from_card",
    "require_current",
]

SECRET_BYTES = 32
_DIGEST_BYTES = 16
PROTECTED_TEMPLATE_BYTES = 1 + _DIGEST_BYTES + TEMPLATE_LENGTH
"""Version, first half of the pipeline's digest, one byte a feature: 145."""
MARGIN_LONDON_2026_11 = 0.006
"""By how much quantising changed a distance at most, over every pair of the London people, rounded up."""
_MEASURED_WITH = "dlib-resnet-v1"

_VERSION = 1
_LABEL = b"dongui protected template 1\x00"
# The features of 51 people reach 0.51; beyond 127 steps there is nothing.
_STEPS_PER_UNIT = 180
_MOST = 127
WORST_MARGIN = math.sqrt(TEMPLATE_LENGTH) / (2 * _STEPS_PER_UNIT)
"""By how much rounding can change a distance at all: half a step in each of 128 directions, 0.0314."""
# Of 51 people's 102 templates the longest has 1.59. What the wrong secret makes is 4.6 long, give or take
# 0.2: shorter than this it comes out less often than once in 2**60 trials.
_LONGEST = 2.4


def protect(template: Template, *, secret: bytes | memoryview, pipeline_digest: bytes) -> bytes:
    """Return the protected template, :data:`PROTECTED_TEMPLATE_BYTES` long. Does not wipe ``template``.

    ``secret`` has 32 random bytes and is used for one card: two templates under one secret differ by the
    faces' own difference. Raises ``Undetermined`` (``protected-template.out-of-range``), also for a
    recogniser whose templates are longer or shorter.
    """
    if template.features.shape != (TEMPLATE_LENGTH,):
        detail = f"a template of {template.features.size} numbers; a card carries {TEMPLATE_LENGTH}"
        raise Undetermined("protected-template.out-of-range", detail)
    steps = np.rint(template.features.astype(np.float64) * _STEPS_PER_UNIT)
    try:
        if np.abs(steps).max() > _MOST:
            detail = f"a feature lies beyond {_MOST / _STEPS_PER_UNIT:.3f}"
            raise Undetermined("protected-template.out-of-range", detail)
        shifted = steps.astype(np.int8).view(np.uint8) + _stream(secret, pipeline_digest)
        return bytes((_VERSION,)) + pipeline_digest[:_DIGEST_BYTES] + shifted.tobytes()
    finally:
        steps[:] = 0


def require_current(protected: bytes, *, pipeline_digest: bytes) -> None:
    """Return if the running instruments are those the template was made with.

    Raises ``Undetermined`` (``staff-card.needs-reenrolment``): the recogniser, or anything else between
    camera and template, has changed since, and a distance between the two would mean nothing. And for bytes
    that are no protected template of a known version: a later one may have made them.
    """
    if len(protected) != PROTECTED_TEMPLATE_BYTES or protected[0] != _VERSION:
        raise Undetermined("staff-card.needs-reenrolment", "the card's template has a form not read here")
    if protected[1 : 1 + _DIGEST_BYTES] != pipeline_digest[:_DIGEST_BYTES]:
        made = protected[1 : 1 + _DIGEST_BYTES].hex()[:16]
        detail = f"made with the pipeline {made}; running is {pipeline_digest.hex()[:16]}"
        raise Undetermined("staff-card.needs-reenrolment", detail)


def reference_from_card(
    protected: bytes, *, secret: bytes | memoryview, instruments: Instruments
) -> Reference:
    """Return the reference a card carries, for one comparison at :func:`for_protected_templates`'s point.

    Raises ``Undetermined`` (``staff-card.needs-reenrolment``) as :func:`require_current`; ``Trouble``
    (``protected-template.secret-mismatch``) where the secret is not this template's: a register and a card
    that do not belong together, which says nothing about the person.
    """
    require_current(protected, pipeline_digest=instruments.pipeline_digest)
    shifted = np.frombuffer(protected, dtype=np.uint8, offset=1 + _DIGEST_BYTES)
    steps = (shifted - _stream(secret, instruments.pipeline_digest)).view(np.int8)
    features = steps.astype(np.float32) / np.float32(_STEPS_PER_UNIT)
    steps[:] = 0
    if float(np.linalg.norm(features)) > _LONGEST:
        features[:] = 0
        raise Trouble("protected-template.secret-mismatch", "the secret does not open this template")
    return Reference(Template(features), instruments.pipeline_digest)


def for_protected_templates(point: OperatingPoint) -> OperatingPoint:
    """Return ``point`` with both bounds moved towards *undetermined* by the quantisation error.

    So what is decided with a card would have been decided alike with the unquantised template, and what
    quantising could have turned is undetermined: by the error as measured for the recogniser it was measured
    with, by the most rounding can do (:data:`WORST_MARGIN`) for any other. The name stays the point's.
    """
    margin = MARGIN_LONDON_2026_11 if point.recogniser == _MEASURED_WITH else WORST_MARGIN
    return replace(
        point, mated_at_most=point.mated_at_most - margin, non_mated_from=point.non_mated_from + margin
    )


def _stream(secret: bytes | memoryview, pipeline_digest: bytes) -> NDArray[np.uint8]:
    """128 bytes that follow from the secret, for this version and pipeline alone (RFC 5869)."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a card's secret has {SECRET_BYTES} bytes")
    derive = HKDF(
        algorithm=SHA256(), length=TEMPLATE_LENGTH, salt=None, info=_LABEL + pipeline_digest[:_DIGEST_BYTES]
    )
    return np.frombuffer(derive.derive(bytes(secret)), dtype=np.uint8)
